/**
 * A part of the contract, see contract.d.ts: pictures of what excites filters and classes, on their way to the page.
 */

/** A filter of the layer on show, or a class. */
export type Unit = `filter ${number}` | `class ${number}`;

/** Kernel to browser, unasked, after "maximize": pictures that form. Below 256 kB. */
export interface Frames {
  kind: "frames";
  /** Of the network: pictures of another version are of no use. */
  version: number;
  layer: string;
  pictures: Partial<Record<Unit, Excited>>;
}

/** One picture, as far as it is. */
export interface Excited {
  /** A data address; "" where it cannot be formed. */
  src: string;
  /** The activation reached, as people read it; "silent" where no step changed it. */
  value: string;
  /** The same and what there is to say, in sentences. */
  words: string;
  /** Of the steps that were made; 1 where it is done, or no more can be done. */
  share: number;
}

/** What an exported page holds besides: the pictures that were done. */
export interface PageState {
  frames?: Frames;
}

/** The blind trial's side of the contract, as js/contract.d.ts is the widget's; its rules hold here too. */
import type { Bytes } from "./contract.d.ts";

/** "left" is map A, "right" is map B; "skipped" is no vote: there were no maps to see. */
export type TrialChoice = "left" | "right" | "same" | "skipped";

/** Every trait of the blind trial. No method has a name here before `revealed`. */
export interface TrialState {
  /** One for each question so far, in the judge's order; a vote appends one, Undo takes the last away. */
  answers: TrialChoice[];
  /** The judge asks for the result, which makes the votes final. */
  revealed: boolean;

  // told by the kernel only
  /** Number of questions. */
  total: number;
  /** Empty when every question is answered. */
  question: Partial<TrialQuestion>;
  /** Empty until `revealed`. */
  outcome: Partial<TrialOutcome>;
  error: string;
}

export interface TrialQuestion {
  /** From 1; while it is not `answers.length + 1` the question is an old one. */
  number: number;
  class_name: string;
  /** The maps could not be computed: the picture can be skipped, and nothing else. */
  failed: boolean;
  /** PNG files: the picture, and the maps over it. Empty where that failed. */
  picture: Bytes;
  left: Bytes;
  right: Bytes;
}

export interface TrialOutcome {
  /** The two methods, then the same. */
  rows: TrialRow[];
  /** Those that were judged. */
  pictures: number;
  judges: number;
  /** How often a picture was skipped. */
  skipped: number;
}

export interface TrialRow {
  title: string;
  votes: number;
  /** Sum over pictures of the share of votes, and its 95 % interval. */
  score: number;
  low: number;
  high: number;
}

/**
 * The blind trial's logic without a page.
 *
 * @typedef {import("../contract-trial.d.ts").TrialChoice} TrialChoice
 * @typedef {import("../contract-trial.d.ts").TrialQuestion} TrialQuestion
 * @typedef {import("../contract-trial.d.ts").TrialOutcome} TrialOutcome
 */

/** @type {Map<string, TrialChoice | "undo">} */
const KEYS = new Map([
  ["a", "left"],
  ["arrowleft", "left"],
  ["b", "right"],
  ["arrowright", "right"],
  ["s", "same"],
  ["arrowdown", "same"],
  ["backspace", "undo"],
]);

/**
 * What a key means, or null.
 * @param {string} key
 */
export function pressed(key) {
  return KEYS.get(key.toLowerCase()) ?? null;
}

/**
 * Whether the question on show is the one that comes next after these answers.
 * @param {Partial<TrialQuestion> | null | undefined} question
 * @param {TrialChoice[]} answers
 */
export function isAsked(question, answers) {
  return question?.number === answers.length + 1;
}

/**
 * Whether an answer may be given now: a vote on maps that are on show, or a skip where there are none.
 * @param {Partial<TrialQuestion> | null | undefined} question
 * @param {TrialChoice[]} answers
 * @param {TrialChoice} choice
 */
export function canAnswer(question, answers, choice) {
  return isAsked(question, answers) && (choice === "skipped") === (question?.failed === true);
}

/**
 * The result in a sentence: which answer was given most, by how many.
 * @param {Partial<TrialOutcome> | null | undefined} outcome
 */
export function summary(outcome) {
  const rows = outcome?.rows ?? [];
  if (rows.length !== 3) return "";
  const [first, second, same] = rows;
  const votes = first.votes + second.votes + same.votes;
  const [winner, other] = first.votes >= second.votes ? [first, second] : [second, first];
  const verdict =
    winner.votes === other.votes
      ? `${first.title} and ${second.title} were chosen equally often, ${first.votes} ${times(first.votes)} each`
      : `${winner.title} was chosen ${winner.votes} ${times(winner.votes)}, ${other.title} ${other.votes} ${times(other.votes)}`;
  const who = outcome?.judges === 1 ? "one judge" : `${outcome?.judges} judges`;
  const skipped = outcome?.skipped ?? 0;
  const without = skipped === 0 ? "" : ` Skipped, because there were no maps: ${skipped}.`;
  return `${verdict}; ${same.votes} of ${votes} answers were “same”. ${who[0].toUpperCase()}${who.slice(1)}, ${outcome?.pictures} ${outcome?.pictures === 1 ? "picture" : "pictures"}.${without}`;
}

/** @param {number} count */
function times(count) {
  return count === 1 ? "time" : "times";
}

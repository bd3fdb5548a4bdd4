// What a test of the page counts and says: one line a check, and the exit code.

let n_failed = 0;

/** Runs one check and says how it went; what `look` returns stands beside its name. */
export async function check(name, look) {
  const began = performance.now();
  try {
    const told = await look();
    console.log(`well   ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)${told ? `: ${told}` : ''}`);
  } catch (error) {
    n_failed += 1;
    console.log(`FAILED ${name}: ${error.message}`);
  }
}

/** Ends the check that calls it where something does not hold. */
export function demand(holds, sentence) {
  if (!holds) throw new Error(sentence);
}

/** Says how many checks failed, and ends the program. */
export function end() {
  console.log(n_failed === 0 ? 'all is well' : `${n_failed} failed`);
  process.exit(n_failed === 0 ? 0 : 1);
}

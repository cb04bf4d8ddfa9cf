// Loaded before every test file, so that two runs of the same code come to the same verdict: properties are tried with
// the same values each time. WEIR_SEED chooses others: a number, or `random` for new ones in every run.
import fc from 'fast-check'

const { WEIR_SEED: seed = '20261122' } = process.env
if (seed !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) })

// Name and version, as this build says them.
import packageJson from '../package.json' with { type: 'json' }

export const version: string = packageJson.version
export const product = `Weir/${version}`

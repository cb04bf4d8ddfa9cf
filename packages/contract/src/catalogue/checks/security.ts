// cors and ip-restriction (contract/common-plugins.md §2 and §4.4).
import { parseAddressSet } from '../../ip/index.ts'
import { isReference } from '../../schema/index.ts'
import type { ConfigCheck } from './check.ts'
import { firstOf, itemsOf } from './items.ts'
import { patternComplaint } from './patterns.ts'

const withAsterisk = [
  'allow_origins',
  'allow_methods',
  'allow_headers',
  'expose_headers',
  'timing_allow_origins',
]

/** Browsers take no asterisk together with credentials. */
export const checkCors: ConfigCheck = (config) => {
  if (config['allow_credential'] === true && withAsterisk.some((name) => config[name] === '*')) {
    return "you can not set '*' for other option when 'allow_credential' is true"
  }
  const patterns = [
    ...itemsOf(config['allow_origins_by_regex']),
    ...itemsOf(config['timing_allow_origins_by_regex']),
  ]
  return firstOf(patterns, patternComplaint)
}

/** The schema lets networks pass whose length is out of range. */
export const checkAddresses: ConfigCheck = ({ whitelist, blacklist }) => {
  const entries = [...itemsOf(whitelist), ...itemsOf(blacklist)].map(String)
  const parsed = parseAddressSet(entries.filter((entry) => !isReference(entry)))
  return parsed.ok ? undefined : parsed.error
}

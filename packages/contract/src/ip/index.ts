export { parseAddressSet, type AddressSet, type ParsedAddressSet } from './address-set.ts'

export { createCipher, type Cipher } from './cipher.ts'
export { decryptFields, encryptFields } from './fields.ts'
export { decryptPrivateKey, encryptPrivateKey } from './private-key.ts'

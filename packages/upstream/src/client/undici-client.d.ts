// The one class of undici that is used, by its file: undici's index brings fetch, caches and web sockets along, some 10 MB
// of every thread.
declare module 'undici/lib/dispatcher/client.js' {
  import { Client } from 'undici'

  export default Client
}

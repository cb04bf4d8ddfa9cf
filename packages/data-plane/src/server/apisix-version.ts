/** The version of APISIX whose behaviour this is. */
export const APISIX_VERSION = '3.18.0'

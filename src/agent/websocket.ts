// The one WebSocket frame that resil speaks (RFC 6455, 5.5.1): a close frame from a server, unmasked, code 1001 "going away".
// Clients answer with a close frame of their own, on which the app's WebSocket library hangs up; and they reconnect, to
// another worker. Frames are written whole by every library, and a control frame may stand between fragments of a message.

export const GOING_AWAY: Buffer = Buffer.from([0x88, 0x02, 0x03, 0xe9])

/** The WebSocket to the playground, which comes back by itself. */

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5000;

/**
 * Connect, and stay connected.
 *
 * @param {{onEvent: (event: object) => void, onOnline: (isOnline: boolean) => void}} listener
 * @returns {{send: (deed: object) => Promise<object>}} `send` resolves with the answer
 *   to a deed, and rejects with an Error whose message is a sentence.
 */
export function connect({ onEvent, onOnline }) {
  let socket = null;
  let waitMs = FIRST_WAIT_MS;
  // The server answers in the order in which things were sent.
  let unanswered = [];

  function open() {
    socket = new WebSocket(`ws://${location.host}/page`);
    socket.addEventListener("message", (message) => receive(JSON.parse(message.data)));
    socket.addEventListener("close", reopen);
  }

  function receive(event) {
    if (event.type === "workspace") {
      waitMs = FIRST_WAIT_MS;
      onOnline(true);
    }
    if (event.type === "said" || event.type === "done") unanswered.shift()?.resolve(event);
    else if (event.type === "refused") unanswered.shift()?.reject(new Error(event.sentence));
    else onEvent(event);
  }

  function reopen() {
    onOnline(false);
    for (const deed of unanswered) {
      deed.reject(new Error("The connection broke; look whether this was sent."));
    }
    unanswered = [];
    setTimeout(open, waitMs);
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  }

  function send(deed) {
    if (socket.readyState !== WebSocket.OPEN) {
      return Promise.reject(new Error("The playground is away; this was not sent."));
    }
    return new Promise((resolve, reject) => {
      unanswered.push({ resolve, reject });
      socket.send(JSON.stringify(deed));
    });
  }

  open();
  return { send };
}

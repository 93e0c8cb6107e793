// The studio's HTTP API, in a few functions. What goes wrong comes as an Error with the studio's own words.

export async function call(path, options) {
  let answer;
  try {
    answer = await fetch(`/api/${path}`, options);
  } catch {
    throw new Error("The studio does not answer. Is it still running?");
  }
  if (answer.status === 204) return null;
  const body = await answer.json().catch(() => null);
  if (!answer.ok) throw new Error(body?.error ?? `The studio answered ${answer.status}.`);
  return body;
}

const send = (method) => (path, value = {}) => call(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) });

export const post = send("POST");
export const patch = send("PATCH");
export const remove = (path) => call(path, { method: "DELETE" });
export const upload = (body) => call("pictures", { method: "POST", body });

export async function loadImage(src) {
  const image = Object.assign(new Image(), { src });
  await image.decode();
  return image;
}

// Listen to a stream of the studio as long as somebody sees the page: a browser has few connections to one host.
// `receive` gets each message, and says when it wants no more; `lost` hears that the studio does not answer.
export function listen(path, receive, lost = () => {}) {
  let source;
  let over = false;
  const end = () => {
    over = true;
    source?.close();
    document.removeEventListener("visibilitychange", seen);
  };
  const open = () => {
    if (over || document.hidden) return;
    source?.close();
    source = new EventSource(`/api/${path}`);
    source.onmessage = (event) => {
      if (!over && receive(JSON.parse(event.data)) === "enough") end();
    };
    source.onerror = () => {
      if (over) return;
      lost();
      if (source.readyState === EventSource.CLOSED) setTimeout(open, 2000); // else the browser tries again
    };
  };
  const seen = () => (document.hidden ? source?.close() : open());
  document.addEventListener("visibilitychange", seen);
  open();
  return end;
}

// The studio's HTTP API. What goes wrong comes as an Error with the studio's own words.

export async function call(path, options) {
  let answer;
  try {
    answer = await fetch(`/api/${path}`, options);
  } catch {
    throw new Error("The studio does not answer. Is it still running?");
  }
  const body = await answer.json().catch(() => null); // there may be none
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

// Listen as long as somebody sees the page: a browser has few connections to one host.
// `receive` says when it wants no more; `lost` hears that the studio does not answer.
export function listen(path, receive, lost = () => {}) {
  let source;
  let again;
  const open = () => {
    source?.close();
    if (document.hidden) return;
    source = new EventSource(`/api/${path}`);
    source.onmessage = ({ data }) => receive(JSON.parse(data)) === "enough" && end();
    source.onerror = () => {
      lost();
      if (source.readyState === EventSource.CLOSED) again = setTimeout(open, 2000); // else the browser tries again
    };
  };
  const end = () => {
    source?.close();
    clearTimeout(again);
    document.removeEventListener("visibilitychange", open);
  };
  document.addEventListener("visibilitychange", open);
  open();
  return end;
}

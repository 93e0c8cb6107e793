// The studio's HTTP API, in a few functions. What goes wrong comes as an Error with the studio's own words.

export async function call(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error("The studio does not answer. Is it still running?");
  }
  if (answer.status === 204) return null;
  const body = await answer.json().catch(() => null);
  if (!answer.ok) throw Object.assign(new Error(body?.error ?? `The studio answered ${answer.status}.`), { status: answer.status });
  return body;
}

export const post = (path, value) =>
  call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value ?? {}) });

export const upload = (blob) => call("/api/pictures", { method: "POST", body: blob });

export const finished = (job) => ["done", "failed", "cancelled"].includes(job.state);

// The state of a job after a message of its stream: the whole of it, or what has changed since the last one.
function updated(job, message) {
  if (message.id || !job) return message;
  const { losses = [], ...progress } = message.progress ?? {};
  return { ...job, ...message, progress: { ...job.progress, ...progress, losses: [...job.progress.losses, ...losses] } };
}

// Follow a job until it ends. `update` gets each state of it; `lost` is called when the studio does not answer, with an
// Error where that is for good. A page that nobody sees lets go: a browser has few connections to one host.
export function follow(id, update, lost) {
  let source = null;
  let over = false;
  let job = null;
  const receive = (message) => {
    job = updated(job, message);
    over ||= finished(job);
    if (over) source?.close();
    update(job);
  };
  const open = () => {
    if (over || document.hidden) return;
    source?.close();
    source = new EventSource(`/api/jobs/${id}/events`);
    source.onmessage = (event) => receive(JSON.parse(event.data));
    source.onerror = async () => {
      if (over) return;
      lost();
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again
      try {
        receive(await call(`/api/jobs/${id}`));
        setTimeout(open, 2000);
      } catch (error) {
        if (!error.status) return setTimeout(open, 2000);
        over = true;
        lost(error);
      }
    };
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? source?.close() : open()));
  open();
}

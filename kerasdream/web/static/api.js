// The studio's HTTP API, in a few functions. What goes wrong comes as an Error with the studio's own words.

export async function call(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error("The studio does not answer. Is it still running?");
  }
  if (answer.status === 204) return null;
  const said = await answer.json().catch(() => null);
  if (!answer.ok) throw new Error(said?.error ?? `The studio answered ${answer.status}.`);
  return said;
}

export const post = (path, value) =>
  call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value ?? {}) });

export const upload = (blob) => call("/api/pictures", { method: "POST", body: blob });

// Follow a job until it ends. `seen` gets each state of it; a broken connection is taken up again.
export function follow(id, seen) {
  const source = new EventSource(`/api/jobs/${id}/events`);
  source.onmessage = (event) => {
    const job = JSON.parse(event.data);
    if (["done", "failed", "cancelled"].includes(job.state)) source.close();
    seen(job);
  };
  return () => source.close();
}

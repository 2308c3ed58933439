// Gives the event loop a turn now and then, so that servers answer and pages draw while a model runs.

const sliceMs = 16;

/** Makes a function to await after each batch; it waits only when the last turn is long ago. */
export function makePause(): () => Promise<void> | undefined {
  let last = Date.now();
  return () => {
    if (Date.now() - last < sliceMs) return undefined;
    return nextTurn().then(() => {
      last = Date.now();
    });
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    // Browsers have no setImmediate and delay nested timers by a few milliseconds at most.
    if (typeof setImmediate === "function") setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}

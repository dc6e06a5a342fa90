/** Whether `promise` resolves within so many milliseconds. */
export async function within(ms: number, promise: Promise<void>): Promise<boolean> {
  const { promise: over, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), ms);
  try {
    return await Promise.race([over, promise.then(() => true)]);
  } finally {
    clearTimeout(timer);
  }
}

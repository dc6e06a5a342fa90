/** A folder that is removed in the end. */
export class Folder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  /** An empty one. */
  static async empty(): Promise<Folder> {
    return new Folder(await Deno.makeTempDir());
  }

  /** The names of what is in it, in order. */
  async names(): Promise<string[]> {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(this.path)) names.push(name);
    return names.sort();
  }

  /** Removes it with all that is in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** Writes `outdir` anew: one .mjs an entry point, by name, from a source file relative to the repository. */
export function bundle(entryPoints: Record<string, string>, outdir: string): Promise<void>;

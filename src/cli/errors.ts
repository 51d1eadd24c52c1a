/** What the command line says when it cannot do what it was asked: one line of reason, and the mend. No stack. */
export class UserError extends Error {
  readonly mend: string | undefined;

  constructor(message: string, mend?: string) {
    super(message);
    this.mend = mend;
  }
}

/**
 * Webster's method (Sainte-Laguë) of dividing seats: each seat goes to the party with the highest votes/(2·seats+1).
 * It never takes a seat away when one is added, which is why scaling by one moves nobody.
 * Rules of ties: Karmada, pkg/util/helper/webstermethod.go and binding.go.
 */

export interface Party {
  name: string;
  /** Without votes there are no seats. */
  votes: number;
  /** What it has already. */
  seats: number;
  /** It gets no more than this in all. Absent: no bound. */
  max?: number;
}

/** Whose name comes first where priorities and seats are equal. */
export type TieOrder = 'ascending' | 'descending';

/** Parties that were worth the same when seats ran out. */
export interface Tie {
  among: string[];
  won: string[];
}

export interface Allocation {
  /** The parties with all their seats, by name. */
  parties: Party[];
  /** Seats that nobody could take: all who have votes are full. */
  left: number;
  /** Present if the last seats went by the rules of ties. */
  tie?: Tie;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** The 32-bit FNV-1a hash of the text's UTF-8. */
function fnv1a(text: string): number {
  let hash = FNV_OFFSET;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, FNV_PRIME) >>> 0;
  return hash;
}

/** By the hash of the template's UID: a coin that falls the same way each time, and not always for the same cluster. */
export function tieOrder(uid: string | undefined): TieOrder {
  return uid !== undefined && uid !== '' && fnv1a(uid) % 2 === 1 ? 'descending' : 'ascending';
}

/** Hands `seats` out to the parties, beyond what they have. Arguments stay as they are. */
export function allocate(seats: number, parties: readonly Party[], order: TieOrder): Allocation {
  const had = new Map(parties.map((party) => [party.name, party.seats]));
  const held = parties.map((party) => ({ ...party })).sort((a, b) => (a.name < b.name ? -1 : 1));
  const voters = held.filter((party) => party.votes > 0);
  let left = seats - giveAllAbove(thresholdFor(seats, voters), voters);
  for (; left > 0; left--) {
    const next = first(voters, order);
    if (next === undefined) break;
    next.seats++;
  }
  const tie = tieOfLast(voters, had);
  return { parties: held, left, ...(tie && { tie }) };
}

function priority(votes: number, seats: number): number {
  return votes / (2 * seats + 1);
}

function isFull(party: Party): boolean {
  return party.max !== undefined && party.seats >= party.max;
}

/** Equal priorities: who has fewer seats, then by name. */
function first(parties: readonly Party[], order: TieOrder): Party | undefined {
  let best: Party | undefined;
  for (const party of parties) {
    if (isFull(party)) continue;
    if (best === undefined) {
      best = party;
      continue;
    }
    const difference = priority(party.votes, party.seats) - priority(best.votes, best.seats);
    if (difference > 0 || (difference === 0 && winsTie(party, best, order))) best = party;
  }
  return best;
}

function winsTie(a: Party, b: Party, order: TieOrder): boolean {
  if (a.seats !== b.seats) return a.seats < b.seats;
  return order === 'ascending' ? a.name < b.name : a.name > b.name;
}

/** What the party has when all seats are given that are worth at least the threshold. */
function seatsAbove(party: Party, threshold: number): number {
  let seats = Math.max(0, Math.floor((party.votes / threshold + 1) / 2));
  while (priority(party.votes, seats) >= threshold) seats++;
  while (seats > 0 && priority(party.votes, seats - 1) < threshold) seats--;
  return Math.max(party.seats, Math.min(seats, party.max ?? seats));
}

/** Steps of the search below; each halves what is left to be handed out one by one. */
const BISECTIONS = 48;
/** So few seats a party are handed out one by one. */
const FEW = 4;

/**
 * A worth so that the seats above it are no more than there are: they can be given all at once, in whatever order.
 * Without this a Deployment of a thousand million replicas would hold up everybody.
 */
function thresholdFor(seats: number, parties: readonly Party[]): number {
  let safe = Infinity;
  if (parties.length === 0 || seats <= FEW * parties.length) return safe;
  const given = (threshold: number) => parties.reduce((sum, party) => sum + seatsAbove(party, threshold) - party.seats, 0);
  const votes = parties.map((party) => party.votes);
  const most = Math.max(...parties.map((party) => party.seats));
  let low = Math.min(...votes) / (2 * (seats + most) + 3);
  if (given(low) <= seats) return low;
  let high = 2 * Math.max(...votes);
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = Math.sqrt(low) * Math.sqrt(high);
    const taken = given(middle);
    if (taken > seats) low = middle;
    else {
      safe = middle;
      high = middle;
      if (taken === seats) break;
    }
  }
  return safe;
}

/** How many seats that were. */
function giveAllAbove(threshold: number, parties: readonly Party[]): number {
  if (threshold === Infinity) return 0;
  let given = 0;
  for (const party of parties) {
    const seats = seatsAbove(party, threshold);
    given += seats - party.seats;
    party.seats = seats;
  }
  return given;
}

function tieOfLast(parties: readonly Party[], had: ReadonlyMap<string, number>): Tie | undefined {
  const receivers = parties.filter((party) => party.seats > (had.get(party.name) ?? 0));
  const worth = Math.min(...receivers.map((party) => priority(party.votes, party.seats - 1)));
  const waiting = parties.filter((party) => !isFull(party) && priority(party.votes, party.seats) === worth).map(({ name }) => name);
  if (waiting.length === 0) return undefined;
  const won = receivers.filter((party) => priority(party.votes, party.seats - 1) === worth).map(({ name }) => name);
  return { among: [...new Set([...won, ...waiting])].sort(), won };
}

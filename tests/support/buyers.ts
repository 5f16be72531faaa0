/** `count` buyers who want 1, 2, … `most` tickets by turns. */
export function mixedBuyers(count: number, most: number): number[] {
  return Array.from({ length: count }, (_, index) => 1 + (index % most));
}

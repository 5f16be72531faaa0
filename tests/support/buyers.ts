/** The quantities that `count` buyers order: 1, 2, … `most`, then 1 again. */
export function mixedBuyers(count: number, most: number): number[] {
  return Array.from({ length: count }, (_, index) => 1 + (index % most));
}

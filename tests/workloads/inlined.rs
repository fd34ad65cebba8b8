// inlined: iterators and closures that the optimizer puts into one another.
use std::collections::HashMap;

struct Item {
    price: u64,
    amount: u64,
}

impl Item {
    #[inline(always)]
    fn worth(&self) -> u64 {
        mix(self.price) ^ self.amount
    }
}

#[inline(always)]
fn mix(x: u64) -> u64 {
    (0..40).fold(x, |v, i| v.wrapping_mul(6364136223846793005).wrapping_add(i))
}

#[inline(never)]
fn work(items: &mut Vec<Item>, sums: &mut HashMap<String, u64>) -> u64 {
    items.sort_by(|a, b| a.worth().cmp(&b.worth()));
    let sum = items.iter().map(Item::worth).fold(0u64, |a, b| a.wrapping_add(b));
    let total = sums.entry("all".to_string()).or_insert(0);
    *total = total.wrapping_add(sum);
    *total
}

fn main() {
    let rounds: u64 = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(u64::MAX);
    let mut items: Vec<Item> = (0..5000).map(|i| Item { price: mix(i), amount: i }).collect();
    let mut sums = HashMap::new();
    let mut sum = 0u64;
    for i in 0..rounds {
        sum ^= work(&mut items, &mut sums);
        items.iter_mut().for_each(|x| x.price ^= i);
    }
    println!("{}", sum);
}

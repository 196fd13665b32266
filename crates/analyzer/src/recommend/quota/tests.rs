//! The knapsack against every combination of ways, each carried out step by step in every order.

use super::*;

fn random_numbers(seed: u32) -> impl FnMut(u32) -> u32 {
    let mut state = seed;
    move |below| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) % below
    }
}

/// All orders of some numbers.
fn orders(numbers: &[usize]) -> Vec<Vec<usize>> {
    if numbers.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (place, first) in numbers.iter().enumerate() {
        let mut rest = numbers.to_vec();
        rest.remove(place);
        for mut order in orders(&rest) {
            order.insert(0, *first);
            all.push(order);
        }
    }
    all
}

/// Whether AWS would accept every addition, whichever rule is replaced first.
fn can_be_done(items: &[Item], chosen: &[Option<usize>], others: [u32; 2], quota: u32) -> bool {
    let replaced: Vec<usize> = (0..items.len()).filter(|&item| chosen[item].is_some()).collect();
    orders(&replaced).into_iter().all(|order| {
        let mut there = others;
        for item in items {
            there[0] += item.now.counts[0];
            there[1] += item.now.counts[1];
        }
        for item in order {
            let way = items[item].ways[chosen[item].unwrap_or_default()];
            for (family, there) in there.iter_mut().enumerate() {
                *there += way.counts[family];
                if way.counts[family] > 0 && *there > quota {
                    return false;
                }
                *there -= items[item].now.counts[family];
            }
        }
        true
    })
}

/// What a combination costs: rules that pass a preferred way over, exposure, rules, CIDRs.
fn cost(items: &[Item], chosen: &[Option<usize>]) -> (u32, u128, u32, u32) {
    let mut sum = (0, 0, 0, 0);
    for (item, choice) in items.iter().zip(chosen) {
        let way = choice.map_or(item.now, |number| item.ways[number]);
        if item.ways.iter().any(|way| way.preferred) && !way.preferred {
            sum.0 += 1;
        }
        sum.1 += way.exposure.as_u128();
        sum.2 += way.rules;
        sum.3 += way.cidrs;
    }
    sum
}

fn combinations(items: &[Item]) -> Vec<Vec<Option<usize>>> {
    let mut all = vec![Vec::new()];
    for item in items {
        let mut longer = Vec::new();
        for combination in all {
            for choice in std::iter::once(None).chain((0..item.ways.len()).map(Some)) {
                let mut next = combination.clone();
                next.push(choice);
                longer.push(next);
            }
        }
        all = longer;
    }
    all
}

fn random_item(random: &mut impl FnMut(u32) -> u32) -> Item {
    let exposure = 2 + random(40);
    let mut ways = Vec::new();
    let now = match random(6) {
        0 => [0, 1],
        1 => [1, 1],
        2 => [3, 3],
        _ => [1, 0],
    };
    for _ in 0..random(5) {
        let rules = 1 + random(4);
        let counts = match now {
            // A CIDR: others of its family, or one peer that counts in both.
            [1, 0] if random(4) > 0 => [rules, 0],
            [0, 1] if random(4) > 0 => [0, rules],
            [1, 0] | [0, 1] => [rules * (1 + random(3)); 2],
            [weight, _] => [rules * weight; 2],
        };
        let exposure = U256::from(1 + random(exposure - 1));
        ways.push(Way { counts, exposure, preferred: random(8) == 0, rules, cidrs: random(3) });
    }
    let now = Way { counts: now, exposure: U256::from(exposure), preferred: false, rules: 1, cidrs: 1 };
    Item { now, ways }
}

#[test]
fn equals_every_combination_tried() {
    let mut random = random_numbers(0x0dd_ba11);
    let (mut binding, mut passed_over, mut full) = (0, 0, 0);
    for _ in 0..1500 {
        let items: Vec<Item> = (0..1 + random(4)).map(|_| random_item(&mut random)).collect();
        let others = [random(6), random(6)];
        let quota = random(14);
        let chosen = choose(&items, others, quota);
        assert!(can_be_done(&items, &chosen, others, quota), "{items:?} {others:?} {quota}: {chosen:?}");
        let doable = |combination: &&Vec<Option<usize>>| can_be_done(&items, combination, others, quota);
        let all = combinations(&items);
        let least = all.iter().filter(doable).map(|combination| cost(&items, combination)).min();
        assert_eq!(Some(cost(&items, &chosen)), least, "{items:?} {others:?} {quota}: {chosen:?}");
        let unbound = all.iter().map(|combination| cost(&items, combination)).min();
        binding += usize::from(least != unbound);
        passed_over += usize::from(cost(&items, &chosen).0 > 0);
        full += usize::from(chosen.iter().all(Option::is_none) && !all.is_empty());
    }
    assert!(binding > 400 && passed_over > 100 && full > 100, "{binding} {passed_over} {full}");
}

#[test]
fn beyond_the_quota_nothing_is_added_to_that_family() {
    let way =
        |counts, exposure: u32| Way { counts, exposure: U256::from(exposure), preferred: false, rules: 1, cidrs: 1 };
    let v4 = Item { now: way([1, 0], 9), ways: vec![way([1, 0], 1)] };
    let v6 = Item { now: way([0, 1], 9), ways: vec![way([0, 1], 1)] };
    assert_eq!(choose(&[v4.clone(), v6.clone()], [60, 0], 60), vec![None, Some(0)]);
    assert_eq!(choose(&[v4.clone(), v6.clone()], [59, 0], 60), vec![None, Some(0)]);
    assert_eq!(choose(&[v4, v6], [58, 0], 60), vec![Some(0), Some(0)]);
}

#[test]
fn a_raised_quota_with_many_rules_of_both_families_ends() {
    let way =
        |counts, exposure: u32| Way { counts, exposure: U256::from(exposure), preferred: false, rules: 1, cidrs: 1 };
    let item = |number: u32| Item {
        now: way([1, 0], 1000),
        ways: (1..40).map(|rules| way([rules, rules], 1000 - 20 * rules - number % 7)).collect(),
    };
    let items: Vec<Item> = (0..400).map(item).collect();
    let chosen = choose(&items, [100, 100], 1000);
    assert!(fits(&items, &chosen, [100, 100], 1000));
    assert!(chosen.iter().any(Option::is_some));
}

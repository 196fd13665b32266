//! The matcher against a brute-force oracle: plain loops over all situations, straight from the text of the design, on
//! thousands of small random inventories. And the first law: a known fact that becomes unknown never turns an answer
//! into a no.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod judge;
mod output;
mod world;

use inventory::{Answer, Inventory};
use world::{Random, World};

fn load(world: &World) -> Inventory {
    let texts = world.to_texts();
    let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    Inventory::from_texts(&texts).expect("the world is a good inventory").inventory
}

/// The loaded rule of a rule of the world, which bears its name as its description.
fn rule_of<'a>(inventory: &'a Inventory, world: &World, number: usize) -> &'a inventory::Rule {
    let rule = &world.rules[number];
    let group = inventory.group_ix(&rule.group).expect("the group was listed");
    let rules = &inventory.group(group).rules;
    rules.iter().find(|loaded| loaded.description == rule.name).expect("the rule was listed")
}

#[test]
fn the_matcher_equals_the_oracle() {
    let mut counts = [0u32; 4];
    for seed in 0..3000 {
        let mut random = Random::new(seed);
        let world = World::random(&mut random);
        let inventory = load(&world);
        for number in 0..world.rules.len() {
            let rule = rule_of(&inventory, &world, number);
            for _ in 0..25 {
                let query = world.random_query(&mut random, number);
                let expected = judge::allows(&world, &world.rules[number], &query);
                let got = inventory.allows(rule, &query);
                assert_eq!(got, expected, "seed {seed}, {:?}, {query:?}\n{:#?}", world.rules[number], world);
                counts[got as usize] += 1;
            }
        }
    }
    // Each answer must occur often, else nothing was tested.
    assert!(counts.iter().all(|count| *count > 5_000), "{counts:?}");
}

#[test]
fn carried_groups_equal_the_oracle() {
    for seed in 0..2000 {
        let mut random = Random::new(seed);
        let world = World::random(&mut random);
        let inventory = load(&world);
        let mut by_epoch = std::collections::BTreeMap::new();
        for interface in &world.interfaces {
            let Some(number) = inventory.interface_ix(interface.id.as_bytes()) else { continue };
            for _ in 0..8 {
                let span = world.random_span(&mut random);
                let got = inventory.carried(number, span);
                let (groups, unknown) = judge::carried(&world, &interface.id, span);
                let got_groups: Vec<(String, bool)> =
                    got.groups.iter().map(|(group, surely)| (inventory.group(*group).id.clone(), *surely)).collect();
                assert_eq!(got_groups, groups, "seed {seed}, {}, {span:?}\n{world:#?}", interface.id);
                assert_eq!(got.unknown_groups, unknown, "seed {seed}, {}, {span:?}\n{world:#?}", interface.id);
                // Equal keys, equal results.
                let key = (number, inventory.epoch_of(span));
                let earlier = by_epoch.entry(key).or_insert_with(|| got.clone());
                assert_eq!(*earlier, got, "seed {seed}");
            }
        }
    }
}

#[test]
fn what_becomes_unknown_never_becomes_a_no() {
    let mut checked = 0;
    let mut changed = 0;
    for seed in 0..3000 {
        let mut random = Random::new(seed);
        let world = World::random(&mut random);
        let mut poorer = world.clone();
        let what = poorer.forget_something(&mut random);
        let inventory = load(&world);
        let poorer_inventory = load(&poorer);
        for number in 0..world.rules.len() {
            let rule = rule_of(&inventory, &world, number);
            let same_rule = rule_of(&poorer_inventory, &poorer, number);
            for _ in 0..25 {
                let query = world.random_query(&mut random, number);
                let before = inventory.allows(rule, &query);
                let after = poorer_inventory.allows(same_rule, &query);
                checked += 1;
                changed += u32::from(before != after);
                assert!(
                    before == Answer::No || after != Answer::No,
                    "seed {seed}: without {what}, {before:?} became {after:?}\n{:?}\n{query:?}\n{world:?}",
                    world.rules[number]
                );
            }
        }
    }
    assert!(checked > 100_000 && changed > 2_000, "{checked} checked, {changed} changed");
}

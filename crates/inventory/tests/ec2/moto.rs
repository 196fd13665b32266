//! moto in place of the stub, which shares no code with us: what it was told comes back.

use crate::stage::{config, patient, soon, told};
use inventory::ec2::{Account, Live, Reading, What};
use inventory::{Inventory, Span};
use servers::Moto;

#[test]
fn five_hundred_interfaces() {
    let moto = Moto::start();
    let (interfaces, group) = moto.create_interfaces(500, "fleet");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (inventory, reading) = runtime.block_on(async {
        let config = config(&moto.url(), 3).await;
        let live = Live::with_config(patient(), config.clone());
        let inventory = live.current(soon()).await.unwrap();
        (inventory, Reading::take(&config, &Account::default(), What::Everything).await)
    });
    for (id, address) in &interfaces {
        let number = inventory.interface_ix(id.as_bytes()).unwrap_or_else(|| panic!("{id} is not there"));
        assert_eq!(inventory.interface(number).private_addresses, [address.parse::<std::net::IpAddr>().unwrap()]);
        let carried = inventory.carried(number, Span { from: 0, to: 60 });
        let groups: Vec<_> = carried.groups.iter().map(|(ix, surely)| (inventory.group(*ix), *surely)).collect();
        assert_eq!(groups.len(), 1);
        assert_eq!((groups[0].0.id.as_str(), groups[0].0.name.as_str(), groups[0].1), (group.as_str(), "fleet", true));
    }

    // Saved and loaded it says the same.
    let refused: Vec<&str> = reading.refused().iter().map(|refusal| refusal.operation).collect();
    assert!(!refused.contains(&"DescribeNetworkInterfaces") && !refused.contains(&"DescribeVpcs"), "{refused:?}");
    let mut snapshot = Vec::new();
    Reading::write_json(std::slice::from_ref(&reading), &mut snapshot).unwrap();
    let snapshot = String::from_utf8(snapshot).unwrap();
    let loaded = Inventory::from_texts(&[("snapshot.json", &snapshot)]).unwrap().inventory;
    assert_eq!(told(&loaded), told(&Inventory::from_readings(&[reading]).unwrap().inventory));
    assert_eq!(loaded.interfaces().len(), inventory.interfaces().len());

    // AWS's own lists are in every account; the Lambda, for which no rule names them, does not ask for their entries.
    let of_aws = |inventory: &Inventory| -> Vec<String> {
        let lists = inventory.prefix_lists().filter(|(_, facts)| facts.is_aws_managed());
        lists.map(|(_, facts)| facts.name).collect()
    };
    let names = of_aws(&loaded);
    for name in ["com.amazonaws.global.cloudfront.origin-facing", "com.amazonaws.us-east-1.s3"] {
        assert!(names.iter().any(|known| known == name), "{name} is not among {names:?}");
    }
    assert_eq!(of_aws(&inventory), Vec::<String>::new());
}

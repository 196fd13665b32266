//! How the records of several databases become the facts of one address.
//!
//! Databases disagree, and a city of one in the country of the other would be a place that neither means. A place is
//! named from coarse to fine: continent, country, region, city. A later record completes the place that earlier ones
//! name if
//!
//! - no level that both name differs, and at least one is the same: that is where they agree;
//! - above it, everything may be added: who agrees on the city agrees on its region;
//! - below it, only if nothing is named there yet: Portland of a record that says no more than United States is not
//!   added to Virginia, United States.
//!
//! A continent alone is hardly a place. It gives way to a record that names a country and no continent, as flat
//! databases do.
//!
//! Of a network's number and name the same holds: both are of one record, or of records with the same number.

use crate::country_name::{continent_name, country_name};
use crate::entry::Entry;
use crate::facts::Facts;

/// How one level of the place that is known compares with the record.
#[derive(Clone, Copy, PartialEq)]
enum Level {
    /// Not known yet. The record may name it, or not.
    Open,
    /// Known, and the record does not name it.
    OnlyKnown,
    Same,
    /// Different, or not to be compared (a code here, a name there).
    Different,
}

/// What names one level.
struct Named<'a> {
    code: Option<&'a str>,
    name: Option<&'a str>,
    /// The name that belongs to the code.
    name_of_code: Option<&'a str>,
}

impl Named<'_> {
    fn is_named(&self) -> bool {
        self.code.is_some() || self.name.is_some()
    }

    fn compare(&self, said: &Named<'_>) -> Level {
        if !self.is_named() {
            return Level::Open;
        }
        if !said.is_named() {
            return Level::OnlyKnown;
        }
        let same = match (self.code, said.code) {
            (Some(known), Some(said)) => known == said,
            _ => self.names().any(|known| said.names().any(|said| known.eq_ignore_ascii_case(said))),
        };
        if same { Level::Same } else { Level::Different }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        [self.name, self.name_of_code].into_iter().flatten()
    }
}

/// The levels of a place, coarse to fine.
type Place<'a> = [Named<'a>; 4];

const CONTINENT: usize = 0;
const COUNTRY: usize = 1;
const REGION: usize = 2;
const CITY: usize = 3;

fn place<'a>(
    continent: (Option<&'a str>, Option<&'a str>),
    country: (Option<&'a str>, Option<&'a str>),
    region: (Option<&'a str>, Option<&'a str>),
    city: Option<&'a str>,
) -> Place<'a> {
    let named = |(code, name), name_of_code| Named { code, name, name_of_code };
    [
        named(continent, continent.0.and_then(continent_name)),
        named(country, country.0.and_then(country_name)),
        named(region, None),
        named((None, city), None),
    ]
}

impl Entry<'_> {
    /// Adds to the facts of an address what no earlier database knew.
    pub(crate) fn complete(self, facts: &mut Facts) {
        self.complete_place(facts);
        self.complete_network(facts);
    }

    fn complete_place(&self, facts: &mut Facts) {
        let known = known_place(facts);
        let said = self.place();
        let levels: [Level; 4] = std::array::from_fn(|at| known[at].compare(&said[at]));
        let nothing_known = levels.iter().all(|level| *level == Level::Open);
        if nothing_known && facts.location.is_none() {
            return self.add(facts, CITY);
        }
        let lone_continent = levels[COUNTRY..].iter().all(|level| *level == Level::Open) && facts.location.is_none();
        if lone_continent && levels[CONTINENT] == Level::OnlyKnown && said[COUNTRY].is_named() {
            facts.continent_code = None;
            facts.continent_name = None;
            return self.add(facts, CITY);
        }
        if levels.contains(&Level::Different) {
            return;
        }
        let Some(agreed) = levels.iter().rposition(|level| *level == Level::Same) else { return };
        if levels[agreed..].contains(&Level::OnlyKnown) {
            return self.add(facts, agreed);
        }
        let is_finer = said[agreed..].iter().skip(1).any(Named::is_named);
        if is_finer && self.location.is_some() {
            // The location that is known is somewhere in the country, or in the region; this one is the city's.
            facts.location = None;
        }
        self.add(facts, CITY);
    }

    /// Adds what is not known yet, from the continent down to this level; with the last one comes the location.
    fn add(&self, facts: &mut Facts, finest: usize) {
        fill(&mut facts.continent_code, self.continent_code);
        fill(&mut facts.continent_name, self.continent_name);
        if finest >= COUNTRY {
            fill(&mut facts.country_code, self.country_code.as_deref());
            fill(&mut facts.country_name, self.country_name);
        }
        if finest >= REGION {
            fill(&mut facts.region_code, self.region_code.as_deref());
            fill(&mut facts.region_name, self.region_name);
        }
        if finest >= CITY {
            fill(&mut facts.city, self.city);
            facts.location = facts.location.or(self.location);
        }
    }

    fn complete_network(&self, facts: &mut Facts) {
        let nothing_known = facts.as_number.is_none() && facts.as_organization.is_none();
        let same_number = facts.as_number.is_some() && facts.as_number == self.as_number;
        if nothing_known || same_number {
            facts.as_number = self.as_number;
            fill(&mut facts.as_organization, self.as_organization);
        }
    }

    fn place(&self) -> Place<'_> {
        place(
            (self.continent_code, self.continent_name),
            (self.country_code.as_deref(), self.country_name),
            (self.region_code.as_deref(), self.region_name),
            self.city,
        )
    }
}

fn known_place(facts: &Facts) -> Place<'_> {
    place(
        (facts.continent_code.as_deref(), facts.continent_name.as_deref()),
        (facts.country_code.as_deref(), facts.country_name.as_deref()),
        (facts.region_code.as_deref(), facts.region_name.as_deref()),
        facts.city.as_deref(),
    )
}

fn fill(fact: &mut Option<String>, said: Option<&str>) {
    if fact.is_none() {
        *fact = said.map(str::to_owned);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::facts::Location;

    /// The facts of records in JSON, the first database first.
    fn facts(records: &[&str]) -> Facts {
        let mut facts = Facts::default();
        for record in records {
            Entry::from_record(&serde_json::from_str(record).unwrap()).complete(&mut facts);
        }
        facts
    }

    /// That the later records add nothing to the first.
    #[track_caller]
    fn nothing_added(records: &[&str]) {
        assert_eq!(facts(records), facts(&records[..1]));
    }

    const SYDNEY: &str = r#"{"country_code": "AU", "state1": "New South Wales", "city": "Sydney", "latitude": -33.8688,
        "longitude": 151.2093}"#;

    #[test]
    fn a_city_of_another_country_is_not_added() {
        let first = r#"{"country_code": "DE"}"#;
        let elsewhere = r#"{"country_code": "US", "state1": "Virginia", "city": "Ashburn", "latitude": 39,
            "longitude": -77, "autonomous_system_number": 64496}"#;
        let there = r#"{"country_code": "DE", "state1": "Hesse", "city": "Frankfurt"}"#;
        let all = facts(&[first, elsewhere, there]);
        assert_eq!(all.country_code.as_deref(), Some("DE"));
        assert_eq!((all.region_name.as_deref(), all.city.as_deref()), (Some("Hesse"), Some("Frankfurt")));
        assert_eq!(all.location, None);
        // What a database says about the network does not depend on where it places the address.
        assert_eq!(all.as_number, Some(64_496));
    }

    #[test]
    fn a_continent_is_no_country_that_agrees_with_every_city() {
        let europe = r#"{"continent": {"code": "EU", "names": {"en": "Europe"}}}"#;
        assert_eq!(facts(&[europe, SYDNEY]), facts(&[SYDNEY]), "it gives way");
        nothing_added(&[SYDNEY, europe]);
        nothing_added(&[europe, r#"{"continent_code": "OC", "country_code": "AU", "city": "Sydney"}"#]);
        let zurich = r#"{"continent": "Europe", "country_code": "CH", "city": "Zurich"}"#;
        let both = facts(&[europe, zurich]);
        assert_eq!((both.continent_code.as_deref(), both.city.as_deref()), (Some("EU"), Some("Zurich")));
        nothing_added(&[europe, r#"{"city": "Zurich", "latitude": 47.4, "longitude": 8.5}"#]);
    }

    #[test]
    fn a_country_by_name_is_compared_with_a_country_by_code() {
        nothing_added(&[r#"{"country": "Germany"}"#, r#"{"country_code": "US", "city": "Ashburn"}"#]);
        nothing_added(&[r#"{"country_code": "US"}"#, r#"{"country": "Germany", "city": "Berlin"}"#]);
        let berlin = facts(&[r#"{"country": "Germany"}"#, r#"{"country_code": "DE", "city": "Berlin"}"#]);
        assert_eq!((berlin.country_code.as_deref(), berlin.city.as_deref()), (Some("DE"), Some("Berlin")));
        let by_name = facts(&[r#"{"country": "Germany"}"#, r#"{"country": "germany", "city": "Berlin"}"#]);
        assert_eq!((by_name.country_name.as_deref(), by_name.city.as_deref()), (Some("Germany"), Some("Berlin")));
        // Codes decide, for one country has many names.
        let codes = [
            r#"{"country_code": "TR", "country_name": "Turkey"}"#,
            r#"{"country_code": "TR", "country_name": "Türkiye", "city": "Ankara"}"#,
        ];
        assert_eq!(facts(&codes).city.as_deref(), Some("Ankara"));
    }

    #[test]
    fn without_a_country_in_common_nothing_is_added() {
        nothing_added(&[r#"{"city": "Springfield"}"#, r#"{"country_code": "US", "state1": "Illinois"}"#]);
        nothing_added(&[r#"{"country_code": "US"}"#, r#"{"city": "Springfield"}"#]);
        nothing_added(&[r#"{"country_code": "US"}"#, r#"{"latitude": 48, "longitude": 11}"#]);
        nothing_added(&[r#"{"latitude": 48, "longitude": 11}"#, r#"{"country_code": "US"}"#]);
    }

    #[test]
    fn what_lies_below_is_added_only_where_nothing_is_known() {
        let virginia = r#"{"country_code": "US", "state1": "Virginia"}"#;
        nothing_added(&[virginia, r#"{"country_code": "US", "city": "Portland"}"#]);
        nothing_added(&[virginia, r#"{"country_code": "US", "state1": "Oregon", "city": "Portland"}"#]);
        // A code and a name cannot be compared.
        nothing_added(&[virginia, r#"{"country_code": "US", "region_code": "OR", "city": "Portland"}"#]);
        nothing_added(&[
            r#"{"country_code": "US", "city": "Springfield"}"#,
            r#"{"country_code": "US", "state1": "Illinois"}"#,
        ]);
        let ashburn = facts(&[
            virginia,
            r#"{"country_code": "US", "region_code": "VA", "region_name": "Virginia",
            "city": "Ashburn"}"#,
        ]);
        assert_eq!((ashburn.region_code.as_deref(), ashburn.city.as_deref()), (Some("US-VA"), Some("Ashburn")));
    }

    #[test]
    fn what_lies_above_is_added_where_they_agree() {
        let virginia = r#"{"country_code": "US", "state1": "Virginia"}"#;
        let continent = r#"{"continent_code": "NA", "country_code": "US", "latitude": 37.751, "longitude": -97.822}"#;
        let both = facts(&[virginia, continent]);
        assert_eq!((both.continent_code.as_deref(), both.region_name.as_deref()), (Some("NA"), Some("Virginia")));
        assert_eq!(both.location, None, "that is the middle of the country, in Kansas");
    }

    #[test]
    fn the_location_is_that_of_the_city() {
        // GeoLite2's location for an address somewhere in the United States.
        let country = r#"{"country_code": "US", "latitude": 37.751, "longitude": -97.822}"#;
        let ashburn = r#"{"country_code": "US", "city": "Ashburn", "latitude": 39.0437, "longitude": -77.4875}"#;
        let both = facts(&[country, ashburn]);
        assert_eq!(both.city.as_deref(), Some("Ashburn"));
        assert_eq!(both.location, Some(Location { lat: 39.0437, lon: -77.4875 }));
        let elsewhere = r#"{"country_code": "US", "city": "Ashburn", "latitude": 38, "longitude": -78}"#;
        assert_eq!(facts(&[ashburn, elsewhere]), facts(&[ashburn]), "the first one wins");
    }

    #[test]
    fn the_first_database_wins_and_later_ones_complete_it() {
        let first = r#"{"country_code": "DE", "city": "Frankfurt"}"#;
        let second = r#"{"country_code": "DE", "city": "Berlin", "state1": "Berlin"}"#;
        let third = r#"{"country_code": "DE", "city": "Frankfurt", "state1": "Hesse", "continent_code": "EU"}"#;
        let all = facts(&[first, second, third]);
        assert_eq!((all.city.as_deref(), all.region_name.as_deref()), (Some("Frankfurt"), Some("Hesse")));
        assert_eq!(all.continent_code.as_deref(), Some("EU"));
    }

    #[test]
    fn a_network_has_number_and_name_of_one_record() {
        let number = r#"{"autonomous_system_number": 64496}"#;
        let other = r#"{"autonomous_system_number": 64497, "autonomous_system_organization": "Another"}"#;
        let named = r#"{"autonomous_system_number": 64496, "autonomous_system_organization": "Example"}"#;
        let only_named = r#"{"autonomous_system_organization": "Example"}"#;
        let all = facts(&[number, other, only_named, named]);
        assert_eq!((all.as_number, all.as_organization.as_deref()), (Some(64_496), Some("Example")));
        nothing_added(&[number, other, only_named]);
        nothing_added(&[only_named, other]);
        nothing_added(&[only_named, number]);
    }
}

//! What is known about one address.

/// What is known about one address. `None` and an empty list mean unknown; no text is empty and no number stands for
/// "unknown".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// ISO 3166-1 alpha-2, upper case: `US`. Codes of no country (`EU`, `AP`, `ZZ`, `A1`...) are unknown.
    pub country_code: Option<String>,
    /// In English: what the database says, else the everyday name of the code.
    pub country_name: Option<String>,
    /// ISO 3166-2 in full, country first: `US-VA`.
    pub region_code: Option<String>,
    /// The first level below the country, in English: `Virginia`.
    pub region_name: Option<String>,
    /// In English.
    pub city: Option<String>,
    /// `AF`, `AN` (Antarctica), `AS`, `EU`, `NA`, `OC`, `SA`, as GeoLite2 has them.
    pub continent_code: Option<String>,
    /// In English: what the database says, else the name of the code.
    pub continent_name: Option<String>,
    /// Rather the middle of the city, region or country than the address itself.
    pub location: Option<Location>,
    /// Number of the autonomous system that announces the address. Never 0, which RFC 7607 reserves.
    pub as_number: Option<u32>,
    /// Who runs that autonomous system.
    pub as_organization: Option<String>,
    /// `service` of `ip-ranges.json`, as it is there: `S3`, `CLOUDFRONT`, `AMAZON`...
    pub aws_service: Option<String>,
    /// `region` of `ip-ranges.json`, as it is there: `eu-west-1`, or `GLOBAL` for services of the edge.
    pub aws_region: Option<String>,
    /// Names of the threat lists with this address in them: sorted, each once.
    pub threat_lists: Vec<String>,
}

impl Facts {
    /// Whether nothing at all is known.
    pub fn is_empty(&self) -> bool {
        *self == Facts::default()
    }
}

/// A place on Earth in degrees, WGS 84.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Location {
    /// Latitude, -90 to 90, north is positive.
    pub lat: f64,
    /// Longitude, -180 to 180, east is positive.
    pub lon: f64,
}

#!/usr/bin/env python3
"""Makes samples/geo.mmdb: made-up places and networks for the documentation addresses that samples/logs is full of.

    python3 -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python make.py

The shape is GeoLite2's (City, with the two ASN fields beside it). Places are real cities, so that a map shows something;
autonomous system numbers are those for documentation (RFC 5398). The output depends on nothing but this file.
"""

from pathlib import Path

import mmdb_writer
from mmdb_writer import MMDBWriter, MmdbF64, MmdbU16, MmdbU32
from netaddr import IPSet

# 2026-03-01, the first day of the sample logs.
BUILD_EPOCH = 1772323200

CONTINENTS = {"AF": "Africa", "AS": "Asia", "EU": "Europe", "NA": "North America", "OC": "Oceania", "SA": "South America"}

# network, continent, country, region (ISO 3166-2 after the hyphen), city, latitude, longitude, AS number, organization
PLACES = [
    ("203.0.113.0/25", "OC", "AU", "Australia", "NSW", "New South Wales", "Sydney", -33.8688, 151.2093, 64500, "Harbour Net"),
    ("203.0.113.128/26", "AS", "JP", "Japan", "13", "Tokyo", "Tokyo", 35.6895, 139.6917, 64501, "Example Telecom"),
    ("203.0.113.192/26", "AS", "SG", "Singapore", None, None, "Singapore", 1.2897, 103.8501, 64502, "Straits Hosting"),
    ("198.51.100.0/25", "NA", "US", "United States", "VA", "Virginia", "Ashburn", 39.0437, -77.4875, 64496, "Example Cloud"),
    ("198.51.100.128/26", "SA", "BR", "Brazil", "SP", "Sao Paulo", "São Paulo", -23.5475, -46.6361, 64503, "Rede Exemplo"),
    ("198.51.100.192/26", "NA", "CA", "Canada", "ON", "Ontario", "Toronto", 43.7064, -79.3986, 64504, "Lakeside Networks"),
    ("192.0.2.0/25", "EU", "DE", "Germany", "HE", "Hesse", "Frankfurt am Main", 50.1155, 8.6842, 64497, "Beispielnetz"),
    ("192.0.2.128/26", "EU", "GB", "United Kingdom", "ENG", "England", "London", 51.5085, -0.1257, 64498, "Example Broadband"),
    ("192.0.2.192/26", "AF", "ZA", "South Africa", "GP", "Gauteng", "Johannesburg", -26.2023, 28.0436, 64499, "Highveld Online"),
    ("2001:db8::/33", "EU", "NL", "Netherlands", "NH", "North Holland", "Amsterdam", 52.374, 4.8897, 64505, "Voorbeeldnet"),
    ("2001:db8:8000::/33", "AS", "IN", "India", "MH", "Maharashtra", "Mumbai", 19.0728, 72.8826, 64506, "Udaharan Cloud"),
]


def record(place):
    _, continent, country, country_name, region, region_name, city, latitude, longitude, number, organization = place
    made = {
        "city": {"names": {"en": city}},
        "continent": {"code": continent, "names": {"en": CONTINENTS[continent]}},
        "country": {"iso_code": country, "names": {"en": country_name}},
        "location": {
            "accuracy_radius": MmdbU16(20),
            "latitude": MmdbF64(latitude),
            "longitude": MmdbF64(longitude),
        },
        "registered_country": {"iso_code": country, "names": {"en": country_name}},
        "autonomous_system_number": MmdbU32(number),
        "autonomous_system_organization": organization,
    }
    if region is not None:
        made["subdivisions"] = [{"iso_code": region, "names": {"en": region_name}}]
    return made


def main():
    # The writer stamps the file with the time of day.
    mmdb_writer.time.time = lambda: BUILD_EPOCH
    writer = MMDBWriter(
        ip_version=6,
        ipv4_compatible=True,
        database_type="sgflow-samples-City",
        languages=["en"],
        description="Made-up places for documentation addresses",
    )
    for place in PLACES:
        writer.insert_network(IPSet([place[0]]), record(place))
    target = Path(__file__).resolve().parent.parent / "geo.mmdb"
    writer.to_db_file(str(target))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Makes the small databases beside this file, for the tests of crates/enrich.

    python3 -m venv venv && venv/bin/pip install mmdb_writer==0.2.7 netaddr==1.3.0 && venv/bin/python make_databases.py

All addresses are for documentation, except where a test is about others. The output depends on nothing but this file.
"""

from pathlib import Path

import mmdb_writer
from mmdb_writer import MMDBWriter, MmdbF32, MmdbF64, MmdbI32, MmdbU16, MmdbU32, MmdbU64, MmdbU128
from netaddr import IPSet

FOLDER = Path(__file__).resolve().parent


def write(name, database_type, records, ip_version=6):
    writer = MMDBWriter(
        ip_version=ip_version,
        ipv4_compatible=ip_version == 6 and any(":" not in network for network in records),
        database_type=database_type,
        languages=["en"],
        description="made for a test",
    )
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(FOLDER / name))


def names(**by_language):
    return {"geoname_id": MmdbU32(1), "names": by_language}


def main():
    mmdb_writer.time.time = lambda: 1772323200

    # As GeoLite2 City: many languages, two subdivisions, a registered country elsewhere.
    ashburn = {
        "city": names(de="Ashburn (de)", en="Ashburn", ja="アッシュバーン"),
        "continent": {"code": "NA", **names(de="Nordamerika", en="North America")},
        "country": {"iso_code": "US", **names(de="USA", en="United States", fr="États-Unis")},
        "location": {
            "accuracy_radius": MmdbU16(20),
            "latitude": MmdbF64(39.0437),
            "longitude": MmdbF64(-77.4875),
            "metro_code": MmdbU16(511),
            "time_zone": "America/New_York",
        },
        "postal": {"code": "20147"},
        "registered_country": {"iso_code": "DE", **names(en="Germany")},
        "subdivisions": [
            {"iso_code": "VA", **names(en="Virginia", fr="Virginie")},
            {"iso_code": "LDN", **names(en="Loudoun")},
        ],
    }
    # Only where the operator is registered: the place itself is unknown.
    registered_only = {
        "continent": {"code": "EU", **names(en="Europe")},
        "registered_country": {"iso_code": "DE", **names(en="Germany")},
        "traits": {"is_anycast": True},
    }
    no_english = {"country": {"iso_code": "KR", **names(de="Südkorea")}, "city": names(ko="서울")}
    private = {"country": {"iso_code": "US", **names(en="United States")}, "city": names(en="Nowhere")}
    write(
        "nested-city.mmdb",
        "GeoLite2-City",
        {
            "198.51.100.0/24": ashburn,
            "203.0.113.0/25": registered_only,
            "203.0.113.128/25": no_english,
            "2001:db8:1::/48": ashburn,
            # What no database should say, and some do.
            "10.0.0.0/8": private,
            "100.64.0.0/10": private,
            "127.0.0.0/8": private,
            "169.254.0.0/16": private,
            "192.168.0.0/16": private,
            "224.0.0.0/4": private,
            "fc00::/7": private,
            "fe80::/10": private,
            "ff00::/8": private,
        },
    )
    write(
        "nested-asn.mmdb",
        "GeoLite2-ASN",
        {
            "198.51.100.0/24": {
                "autonomous_system_number": MmdbU32(64496),
                "autonomous_system_organization": "Example Cloud",
            },
            "2001:db8::/32": {"autonomous_system_number": MmdbU32(4200000000)},
            "203.0.113.0/24": {"autonomous_system_number": MmdbU32(0), "autonomous_system_organization": ""},
        },
    )
    # Flat, as DB-IP packaged by ip-location-db, for IPv4 alone; and all the types that a number may have.
    flat = {"postcode": "", "state2": "", "timezone": ""}
    write(
        "flat-city-ipv4.mmdb",
        "city ipv4",
        {
            "198.51.100.0/25": {
                **flat,
                "country_code": "AU",
                "state1": "New South Wales",
                "city": "Sydney",
                "latitude": MmdbF32(-33.8688),
                "longitude": MmdbF32(151.2093),
            },
            "198.51.100.128/25": {
                **flat,
                "country_code": "fr",
                "state1": "",
                "city": "",
                "latitude": "48.8566",
                "longitude": "2.3522",
            },
            "203.0.113.0/26": {**flat, "country_code": "", "state1": "", "city": "", "latitude": MmdbF32(0), "longitude": MmdbF32(0)},
            "203.0.113.64/26": {"country_code": "EC", "latitude": MmdbI32(-1), "longitude": MmdbI32(-78)},
            "203.0.113.128/26": {"country_code": "GA", "latitude": MmdbU16(0), "longitude": MmdbU64(9)},
            "203.0.113.192/26": {"country_code": "ZZ", "city": True, "latitude": b"\x01", "longitude": MmdbU128(1)},
        },
        ip_version=4,
    )
    write(
        "flat-country-ipv6.mmdb",
        "country ipv6",
        {"2001:db8::/32": {"country_code": "CH"}},
    )
    # Every fact in the other names and types that are around.
    write(
        "other-names.mmdb",
        "ipinfo standard_lite",
        {
            "192.0.2.0/25": {
                "asn": "AS64511",
                "as_name": "Example Networks",
                "as_domain": "example.org",
                "continent": "Europe",
                "continent_code": "EU",
                "country": "Switzerland",
                "country_code": "CH",
            },
            "192.0.2.128/25": {
                "country": {"iso_code": "CH"},
                "region_name": "Zurich",
                "region_code": "CH-ZH",
                "city_name": "Winterthur",
                "lat": "47.5",
                "lng": MmdbF64(8.75),
                "traits": {
                    "autonomous_system_number": MmdbU64(64511),
                    "autonomous_system_organization": "Example Networks",
                },
            },
        },
    )
    write(
        "anonymous-ip.mmdb",
        "GeoIP2-Anonymous-IP",
        {"198.51.100.0/24": {"is_anonymous": True, "is_tor_exit_node": True}},
    )


if __name__ == "__main__":
    main()

//! The common spellings of values, read eight bytes at a time while looking for their end.
//!
//! Fields differ in length from record to record, so a loop over bytes is mispredicted once a field, and that was most of the time of
//! parsing. Here the length of a value comes out of arithmetic on a whole word instead. Whatever is not spelt in the common way (and what stands too
//! near the end of the line to load a word) gives `None`, and the caller goes the slow way, which has the rules.

use std::net::Ipv4Addr;

const fn repeat(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

const HIGH_BITS: u64 = repeat(0x80);

#[inline(always)]
fn eight_at(line: &[u8], at: usize) -> Option<u64> {
    let bytes: [u8; 8] = line.get(at..at.checked_add(8)?)?.try_into().ok()?;
    Some(u64::from_le_bytes(bytes))
}

#[inline(always)]
fn four_at(line: &[u8], at: usize) -> Option<u32> {
    let bytes: [u8; 4] = line.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(u32::from_le_bytes(bytes))
}

/// Where the word that begins at `at` ends, and whether it is printable ASCII throughout.
#[inline(always)]
pub(crate) fn word_end(line: &[u8], mut at: usize) -> (usize, bool) {
    let mut printable = true;
    while let Some(eight) = eight_at(line, at) {
        let spaces = has_zero(eight ^ repeat(b' '));
        if spaces != 0 {
            let length = (spaces.trailing_zeros() / 8) as usize;
            // Bytes behind the space do not matter.
            let inside = (1_u64 << (8 * length)) - 1;
            return (at + length, printable && unprintable(eight) & inside == 0);
        }
        printable &= unprintable(eight) == 0;
        at += 8;
    }
    while let Some(&byte) = line.get(at) {
        if byte == b' ' {
            break;
        }
        printable &= byte.is_ascii_graphic();
        at += 1;
    }
    (at, printable)
}

/// The high bit of each zero byte; exact up to and including the first.
#[inline(always)]
fn has_zero(eight: u64) -> u64 {
    eight.wrapping_sub(repeat(1)) & !eight & HIGH_BITS
}

/// Non-zero bits in bytes outside 0x21-0x7e, exact in each byte: the sums stay within their bytes because the high bits are left out.
#[inline(always)]
fn unprintable(eight: u64) -> u64 {
    let low = eight & !HIGH_BITS;
    let at_least_0x21 = low + repeat(0x80 - 0x21);
    let at_least_0x7f = low + repeat(0x80 - 0x7f);
    (eight | at_least_0x7f | !at_least_0x21) & HIGH_BITS
}

/// A number of up to 15 digits and where it ends.
#[inline(always)]
pub(crate) fn number_at(line: &[u8], at: usize) -> Option<(u64, usize)> {
    const POWERS: [u64; 8] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000];
    let (mut number, mut digits) = leading_digits(eight_at(line, at)?);
    if digits == 8 {
        let (rest, more) = leading_digits(eight_at(line, at + 8)?);
        number = number * POWERS.get(more)? + rest;
        digits += more;
    }
    let end = at + digits;
    if digits == 0 || line.get(end) != Some(&b' ') {
        return None;
    }
    Some((number, end))
}

/// The digits at the beginning of eight bytes, as a number, and how many there are.
#[inline(always)]
fn leading_digits(eight: u64) -> (u64, usize) {
    let values = eight ^ repeat(b'0');
    let not_digits = (((values & !HIGH_BITS) + repeat(0x80 - 10)) | values) & HIGH_BITS;
    let count = (not_digits.trailing_zeros() / 8) as usize;
    if count == 0 {
        return (0, 0);
    }
    // Zeros in front, as if there had always been eight; then pairs, then fours, then all eight are added up.
    let digits = values << (64 - 8 * count);
    let pairs = (digits.wrapping_mul(1 + (10 << 8)) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(1 + (100 << 16)) >> 16) & 0x0000_ffff_0000_ffff;
    let number = fours.wrapping_mul(1 + (10_000 << 32)) >> 32;
    (number, count)
}

/// A dotted IPv4 address and where it ends. Octets of one to three digits without a leading zero, for which some programs read octal
/// (RFC 6943, section 3.1.1).
#[inline(always)]
pub(crate) fn ipv4_at(line: &[u8], mut at: usize) -> Option<(Ipv4Addr, usize)> {
    let mut address = 0_u32;
    for delimiter in [b'.', b'.', b'.', b' '] {
        let four = four_at(line, at)?;
        let values = four ^ 0x3030_3030;
        let not_digits = (((values & 0x7f7f_7f7f) + 0x7676_7676) | values) & 0x8080_8080;
        let count = not_digits.trailing_zeros() / 8;
        if count == 0 || count == 4 {
            return None;
        }
        let digits = values << (32 - 8 * count);
        let octet = ((digits >> 8) & 0xff) * 100 + ((digits >> 16) & 0xff) * 10 + (digits >> 24);
        let leading_zero = count > 1 && values & 0xff == 0;
        let ends_with = (four >> (8 * count)) as u8;
        if octet > 255 || leading_zero || ends_with != delimiter {
            return None;
        }
        address = address << 8 | octet;
        at += count as usize + 1;
    }
    Some((Ipv4Addr::from_bits(address), at - 1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn numbers_of_every_length() {
        let mut text = String::new();
        for length in 1..=15_usize {
            text.push(char::from(b'0' + (length * 7 % 10) as u8));
            let line = format!("x {text} {}", "9".repeat(16));
            assert_eq!(number_at(line.as_bytes(), 2), Some((text.parse().unwrap(), 2 + length)), "{text}");
            for stranger in ["-", "/", ":", "\u{e9}", "\t", "."] {
                let line = format!("{text}{stranger} {}", "9".repeat(16));
                assert_eq!(number_at(line.as_bytes(), 0), None, "{line}");
            }
        }
        assert_eq!(number_at(b"1234567890123456 and more of it", 0), None, "16 digits go the slow way");
        assert_eq!(number_at(b"- and more", 0), None);
        assert_eq!(number_at(b"443", 0), None, "too near the end");
        assert_eq!(number_at(b"443", usize::MAX), None);
    }

    #[test]
    fn every_octet_everywhere() {
        for octet in 0..1000_u32 {
            for place in 0..4 {
                let mut octets = [1, 22, 133, 4];
                octets[place] = octet;
                let text = octets.map(|octet| octet.to_string()).join(".");
                let line = format!("{text} next field");
                let expected = text.parse::<Ipv4Addr>().ok().map(|address| (address, text.len()));
                assert_eq!(ipv4_at(line.as_bytes(), 0), expected, "{text}");
            }
        }
        for bad in
            ["1.2.3", "1.2.3.4.5", "01.2.3.4", "1..2.3", "1.2.3.4/8", ".1.2.3", "1,2.3.4", "::1", "-", "\u{ff11}.1.1.1"]
        {
            assert_eq!(ipv4_at(format!("{bad} next field").as_bytes(), 0), None, "{bad}");
        }
    }

    #[test]
    fn words_against_plain_search() {
        for byte in 0..=255_u8 {
            for length in 0..20 {
                for at in 0..length {
                    let mut line = vec![b'a'; length];
                    line[at] = byte;
                    let word_length = if byte == b' ' { at } else { length };
                    for tail in ["", " ", " \0\x7f", " next field and more"] {
                        let mut line = line.clone();
                        line.extend_from_slice(tail.as_bytes());
                        let expected = (word_length, byte == b' ' || byte.is_ascii_graphic());
                        assert_eq!(word_end(&line, 0), expected, "{byte} at {at} of {length}, then {tail:?}");
                    }
                }
            }
        }
    }
}

//! Cyclic redundancy checks, a nibble at a time.

/// CRC-32C (Castagnoli).
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 16] = table(0x82f6_3b78);
    check(&TABLE, bytes)
}

/// CRC-32, that of zlib and PNG.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 16] = table(0xedb8_8320);
    check(&TABLE, bytes)
}

fn check(table: &[u32; 16], bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        let crc = crc ^ u32::from(byte);
        let crc = crc >> 4 ^ table[(crc & 15) as usize];
        crc >> 4 ^ table[(crc & 15) as usize]
    })
}

/// Remainders of the nibbles by a polynomial whose bits are reversed.
const fn table(polynomial: u32) -> [u32; 16] {
    let mut table = [0; 16];
    let mut nibble = 0;
    while nibble < 16 {
        let mut crc = nibble as u32;
        let mut bit = 0;
        while bit < 4 {
            crc = if crc & 1 == 1 { crc >> 1 ^ polynomial } else { crc >> 1 };
            bit += 1;
        }
        table[nibble] = crc;
        nibble += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_castagnolis() {
        // RFC 3720, B.4, and the check value of the catalogue of CRCs.
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
    }

    #[test]
    fn the_other_one_is_that_of_zlib() {
        // The check value of the catalogue of CRCs.
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}

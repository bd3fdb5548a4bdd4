//! Messages of protocol buffers, field by field.

/// The value of a field of a protocol buffer.
pub(super) enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

/// The fields of a message with their numbers; `None` where it is none.
pub(super) fn fields(mut data: &[u8]) -> Option<Vec<(u64, Field<'_>)>> {
    let mut fields = Vec::new();
    while !data.is_empty() {
        let key = varint(&mut data)?;
        let field = match key & 7 {
            0 => Field::Varint(varint(&mut data)?),
            1 => Field::Fixed64(u64::from_le_bytes(take(&mut data, 8)?.try_into().ok()?)),
            2 => {
                let length = usize::try_from(varint(&mut data)?).ok()?;
                Field::Bytes(take(&mut data, length)?)
            }
            5 => Field::Fixed32(u32::from_le_bytes(take(&mut data, 4)?.try_into().ok()?)),
            _ => return None,
        };
        fields.push((key >> 3, field));
    }
    Some(fields)
}

/// The messages, texts or bytes under a number.
pub(super) fn messages<'a>(fields: &[(u64, Field<'a>)], number: u64) -> impl DoubleEndedIterator<Item = &'a [u8]> {
    let bytes = fields.iter().filter(move |field| field.0 == number);
    let bytes = bytes.filter_map(|field| if let Field::Bytes(bytes) = field.1 { Some(bytes) } else { None });
    bytes.collect::<Vec<_>>().into_iter()
}

fn take<'a>(data: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    let (first, rest) = data.split_at_checked(n)?;
    *data = rest;
    Some(first)
}

fn varint(data: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(data, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

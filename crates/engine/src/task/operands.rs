//! More than two operands of one operation.

use super::family::Family;

/// a·b·c…, multiplied from left to right.
pub(super) const OPERANDS: Family = Family {
    name: "operands",
    spelling: "operands:N:GROUP",
    tells: "product of N elements of a group or table, from left to right (a + b + c mod M)",
    example: "operands:3:cyclic:23",
};

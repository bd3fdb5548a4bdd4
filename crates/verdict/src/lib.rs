//! What is concluded of runs and tables, and whether their evidence holds.

pub mod doctor;

//! Contours are where they belong, drawings are well-formed and nothing leaves them.

use super::*;
use crate::report::terrain_page::{PageFrame, terrain_page};

/// Writes made-up terrains to the folder named in `DUNWU_REPORT_DIR`, to be looked at.
#[test]
#[ignore = "writes files for the eye, checks nothing that others do not"]
fn write_the_terrain() {
    let folder = std::path::PathBuf::from(std::env::var("DUNWU_REPORT_DIR").expect("set DUNWU_REPORT_DIR"));
    let terrains: Vec<Terrain> = [40, 80, 120, 160, 200, 260, 320, 400].map(sample::terrain).into();
    for (i, terrain) in terrains.iter().enumerate() {
        std::fs::write(folder.join(format!("terrain-{}.svg", terrain.n_train)), frame(&terrains, i)).unwrap();
    }
    let few = [0, 2, 4, 7].map(|i| terrains[i].clone());
    std::fs::write(folder.join("strip.svg"), strip(&few, &terrains)).unwrap();
    let frames: Vec<PageFrame> = terrains
        .iter()
        .enumerate()
        .map(|(i, t)| PageFrame {
            label: format!("n = {}", t.n_train),
            svg: frame(&terrains, i),
            caption: format!("Made-up mountains at n = {}, to be looked at.", t.n_train),
        })
        .collect();
    let page = terrain_page("A made-up landscape", "Two mountains exchange rank.", &frames, "<h2>What follows</h2>\n");
    std::fs::write(folder.join("terrain.html"), page).unwrap();
}

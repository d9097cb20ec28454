//! Writes what snark-verifier compiles from the keys of the test circuits, as JSON.

#[allow(dead_code, reason = "this program uses a part")]
#[path = "../../common/mod.rs"]
mod common;

use common::{instances::two_columns, Fixture};
use inference_verifier::plan::AccumulatorLayout;
use snark_verifier::system::halo2::{compile, Config};
use std::{error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
	let mut fixtures = common::all();
	fixtures.extend([two_columns(), common::accumulating()]);
	for fixture in fixtures {
		write(&fixture)?;
	}
	Ok(())
}

fn write(fixture: &Fixture) -> Result<(), Box<dyn Error>> {
	let limbs = |layout: AccumulatorLayout| {
		let start = layout.offset as usize;
		let rows = start..start + 4 * usize::from(layout.limbs);
		rows.map(|row| (0, row)).collect()
	};
	let config = Config::kzg()
		.with_num_instance(fixture.columns.clone())
		.with_accumulator_indices(fixture.plan.accumulator().map(limbs));
	let protocol = compile(&fixture.params, &fixture.vk, config);
	let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
	let file = folder.join(format!("{}.json", fixture.name.replace(' ', "-")));
	fs::write(file, serde_json::to_string(&protocol)? + "\n")?;
	Ok(())
}

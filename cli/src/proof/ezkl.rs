//! Files of EZKL: verifying key artifacts (VKA) and `proof.json`.

use super::{
	files::read_at_most,
	key::invalid,
	scalar::{from_bytes, to_bytes},
	ChosenSetup,
};
use crate::error::CliError;
use inference_primitives::{ProofSystem, VkHash, MAX_PROOF_BYTES, MAX_PUBLIC_INPUTS};
use inference_verifier::{
	ezkl::{plan_from_vka, VkaError, MAX_VKA_BYTES},
	verify, vk_hash, Plan, Scalar,
};
use serde::Deserialize;
use std::path::Path;

/// Most bytes of a `proof.json`: several times the greatest proof as numbers and as hex, with what
/// EZKL writes beside it.
const MAX_FILE_BYTES: u32 = 4 * 1024 * 1024;

/// A verifying key artifact.
pub struct EzklKey {
	/// The artifact, as it is registered.
	pub vka: Vec<u8>,
	/// What it says.
	pub plan: Plan,
	/// The setup that it was checked against.
	pub setup: ChosenSetup,
}

impl EzklKey {
	/// Reads an artifact. Without a setup it is checked against the one that it names itself, which
	/// nobody vouches for.
	pub fn read(path: &Path, setup: Option<ChosenSetup>) -> Result<Self, CliError> {
		let vka = read_at_most(path, MAX_VKA_BYTES)?;
		let setup = match setup {
			Some(setup) => setup,
			None => ChosenSetup::from_vka(&vka, path)?,
		};
		let plan = plan_from_vka(&vka, &setup.setup).map_err(|error| {
			let path = path.display();
			CliError::Failed(match error {
				VkaError::Setup { what } => format!(
					"{path} was made under another setup than {}: {what} differs; give the right \
					 one with --setup",
					setup.name
				),
				error => format!("{path} is no verifying key artifact of EZKL: {error}"),
			})
		})?;
		Ok(Self { vka, plan, setup })
	}

	/// The hash under which the chain knows the key.
	pub fn vk_hash(&self) -> VkHash {
		vk_hash(
			ProofSystem::Ezkl,
			&self.setup.setup.id(),
			&self.plan.to_bytes(),
		)
	}

	/// Verifies.
	pub fn verify(&self, proof: &EzklProof) -> Result<(), CliError> {
		verify(
			&self.plan,
			&self.setup.setup,
			&proof.public_inputs,
			&proof.proof,
		)
		.map_err(|e| invalid(&e))
	}
}

/// What is read of a `proof.json`; other fields are ignored.
#[derive(Deserialize)]
struct File {
	instances: Vec<Vec<String>>,
	proof: Option<Vec<u8>>,
	hex_proof: Option<String>,
}

/// A proof with its public inputs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EzklProof {
	/// The one instance column.
	pub public_inputs: Vec<Scalar>,
	/// The proof.
	pub proof: Vec<u8>,
}

impl EzklProof {
	/// Reads a `proof.json`.
	pub fn read(path: &Path) -> Result<Self, CliError> {
		let bytes = read_at_most(path, MAX_FILE_BYTES)?;
		Self::parse(&bytes).map_err(|why| {
			CliError::Failed(format!(
				"{} is no proof.json of EZKL: {why}",
				path.display()
			))
		})
	}

	/// Public inputs as the chain takes them.
	pub fn public_input_bytes(&self) -> Vec<[u8; 32]> {
		self.public_inputs.iter().map(to_bytes).collect()
	}

	fn parse(json: &[u8]) -> Result<Self, String> {
		let file: File = serde_json::from_slice(json).map_err(|e| e.to_string())?;
		Ok(Self {
			public_inputs: public_inputs(&file.instances)?,
			proof: proof(file.proof, file.hex_proof.as_deref())?,
		})
	}
}

/// The public inputs of EZKL's one column.
fn public_inputs(columns: &[Vec<String>]) -> Result<Vec<Scalar>, String> {
	let column = match columns {
		[] => return Ok(Vec::new()),
		[column] => column,
		_ => {
			return Err(format!(
				"`instances` has {} lists, expected one",
				columns.len()
			))
		},
	};
	if !u32::try_from(column.len()).is_ok_and(|got| got <= MAX_PUBLIC_INPUTS) {
		return Err(format!(
			"{} instances, the verifier takes at most {MAX_PUBLIC_INPUTS}",
			column.len()
		));
	}
	let instance = |(index, text): (usize, &String)| {
		// No 0x: with it, EZKL writes numbers big-endian.
		let mut bytes = [0u8; 32];
		hex::decode_to_slice(text, &mut bytes).map_err(|e| {
			format!(
				"instance {index}: expected 64 hexadecimal digits without 0x (32 bytes, \
				 little-endian), got {:?}: {e}",
				shortened(text)
			)
		})?;
		from_bytes(&bytes).ok_or_else(|| {
			format!("instance {index} is not below the field's modulus (little-endian): {text}")
		})
	};
	column.iter().enumerate().map(instance).collect()
}

/// The proof's bytes, from either form or both.
fn proof(numbers: Option<Vec<u8>>, hex: Option<&str>) -> Result<Vec<u8>, String> {
	let decoded = hex
		.map(|text| {
			hex::decode(text.strip_prefix("0x").unwrap_or(text))
				.map_err(|e| format!("`hex_proof`: {e}"))
		})
		.transpose()?;
	let proof = match (numbers, decoded) {
		(Some(numbers), Some(decoded)) if numbers != decoded => {
			return Err("`proof` and `hex_proof` disagree".to_owned())
		},
		(Some(proof), _) | (None, Some(proof)) => proof,
		(None, None) => return Err("neither `proof` nor `hex_proof` is there".to_owned()),
	};
	if !u32::try_from(proof.len()).is_ok_and(|got| got <= MAX_PROOF_BYTES) {
		return Err(format!(
			"the proof has {} bytes, the verifier takes at most {MAX_PROOF_BYTES}",
			proof.len()
		));
	}
	Ok(proof)
}

/// The start of a text, for a message.
fn shortened(text: &str) -> String {
	const SHOWN: usize = 80;
	if text.chars().count() <= SHOWN {
		return text.to_owned();
	}
	let mut short: String = text.chars().take(SHOWN).collect();
	short.push('…');
	short
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::{json, Value};
	use std::{fs, path::PathBuf};

	/// Files that EZKL 23.0.5 wrote.
	fn fixture(name: &str) -> PathBuf {
		Path::new(env!("CARGO_MANIFEST_DIR"))
			.join("../verifier/tests/ezkl/linear-regression")
			.join(name)
	}

	fn good() -> Value {
		serde_json::from_slice(&fs::read(fixture("proof.json")).unwrap()).unwrap()
	}

	fn parse(json: &Value) -> Result<EzklProof, String> {
		EzklProof::parse(json.to_string().as_bytes())
	}

	/// The error after a change.
	fn refused(change: impl FnOnce(&mut Value)) -> String {
		let mut json = good();
		change(&mut json);
		parse(&json).unwrap_err()
	}

	#[test]
	fn a_file_of_ezkl_is_read() {
		let proof = EzklProof::read(&fixture("proof.json")).unwrap();
		assert_eq!(proof.proof, fs::read(fixture("proof.bin")).unwrap());
		assert_eq!(
			proof.public_input_bytes().concat(),
			fs::read(fixture("instances.bin")).unwrap()
		);
		// 0.03125 and −0.0625 at a scale of 5 bits.
		assert_eq!(proof.public_inputs[0], Scalar::from(1u8));
		assert_eq!(proof.public_inputs[2], -Scalar::from(2u8));
	}

	#[test]
	fn either_form_of_the_proof_is_enough() {
		let whole = parse(&good()).unwrap();
		for field in ["proof", "hex_proof"] {
			let mut json = good();
			json[field] = Value::Null;
			assert_eq!(parse(&json).unwrap(), whole);
			json.as_object_mut().unwrap().remove(field);
			assert_eq!(parse(&json).unwrap(), whole);
		}
	}

	#[test]
	fn a_circuit_without_public_inputs_has_none() {
		for instances in [json!([]), json!([[]])] {
			let mut json = good();
			json["instances"] = instances;
			assert!(parse(&json).unwrap().public_inputs.is_empty());
		}
	}

	#[test]
	fn a_missing_field_is_named() {
		let why = refused(|json| {
			json.as_object_mut().unwrap().remove("instances");
		});
		assert!(why.contains("instances"), "{why}");
		let why = refused(|json| {
			json["proof"] = Value::Null;
			json["hex_proof"] = Value::Null;
		});
		assert!(why.contains("hex_proof"), "{why}");
		assert!(EzklProof::parse(b"{").is_err());
	}

	#[test]
	fn proofs_that_disagree_are_refused() {
		let why = refused(|json| json["hex_proof"] = "0x27fabb".into());
		assert!(why.contains("disagree"), "{why}");
		let why = refused(|json| json["proof"][0] = 40.into());
		assert!(why.contains("disagree"), "{why}");
	}

	#[test]
	fn numbers_that_are_no_bytes_are_refused() {
		for number in [json!(256), json!(-1), json!(1.5), json!("1")] {
			refused(|json| json["proof"][0] = number);
		}
	}

	#[test]
	fn bad_hex_is_refused() {
		let why = refused(|json| json["hex_proof"] = "0x2".into());
		assert!(why.contains("hex_proof"), "{why}");
		let why = refused(|json| json["instances"][0][1] = "zz".repeat(32).into());
		assert!(why.contains("instance 1"), "{why}");
		// Big-endian numbers, as `pretty_public_inputs` has them.
		let why = refused(|json| {
			json["instances"][0][1] = format!("0x{}07", "00".repeat(31)).into();
		});
		assert!(why.contains("without 0x"), "{why}");
		let why = refused(|json| json["instances"][0][0] = "01".repeat(500).into());
		assert!(why.len() < 300, "{why}");
	}

	#[test]
	fn an_instance_at_or_above_the_modulus_is_refused() {
		// The modulus, little-endian.
		let modulus = "010000f093f5e1439170b97948e833285d588181b64550b829a031e1724e6430";
		for text in [modulus.to_owned(), "ff".repeat(32)] {
			let why = refused(|json| json["instances"][0][3] = text.into());
			assert!(why.contains("instance 3 is not below"), "{why}");
		}
	}

	#[test]
	fn more_than_the_verifier_takes_is_refused() {
		let one = "00".repeat(32);
		let mut json = good();
		json["instances"] = json!([vec![one.clone(); 1024]]);
		assert_eq!(parse(&json).unwrap().public_inputs.len(), 1024);
		let why = refused(|json| json["instances"] = json!([vec![one; 1025]]));
		assert!(why.contains("1025 instances"), "{why}");
		let why = refused(|json| json["instances"] = json!([[], []]));
		assert!(why.contains("2 lists"), "{why}");
		let why = refused(|json| {
			json["proof"] = Value::Null;
			json["hex_proof"] = "00".repeat(64 * 1024 + 1).into();
		});
		assert!(why.contains("65537 bytes"), "{why}");
	}

	#[test]
	fn the_key_verifies_its_proof_under_the_setup_that_it_names() {
		let key = EzklKey::read(&fixture("vka.bin"), None).unwrap();
		assert!(!key.setup.trusted);
		let mut proof = EzklProof::read(&fixture("proof.json")).unwrap();
		assert_eq!(key.verify(&proof), Ok(()));
		proof.public_inputs[0] += Scalar::from(1u8);
		assert_eq!(key.verify(&proof).unwrap_err().exit_code(), 4);
	}

	#[test]
	fn a_key_under_another_setup_is_refused_with_what_to_do() {
		let setup = ChosenSetup::load("perpetual-powers-of-tau").unwrap();
		let error = EzklKey::read(&fixture("vka.bin"), Some(setup))
			.map(|_| ())
			.unwrap_err();
		assert_eq!(error.exit_code(), 1);
		let message = error.to_string();
		assert!(
			message.contains("perpetual-powers-of-tau") && message.contains("--setup"),
			"{message}"
		);
	}
}

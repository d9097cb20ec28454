//! Reading a VKA takes memory in proportion to its bytes, whatever lists they claim.

use crate::ezkl_fixtures::{all, fixture, header, packed, setup, Vka};
use crate::watched;
use inference_verifier::ezkl::{plan_from_vka, VkaError};

/// A key whose opening section repeats ranges of points and evaluations, in as many sets as it may
/// have. It claims a thousand evaluations and five hundred points.
fn repeated_ranges() -> Vka {
	let mut vka = Vka::new(&fixture("linear-regression").vka);
	let (points, evaluations) = (511u16, 1021u16);
	let at = |point: u16| 0x84 + 64 * point;
	vka.set_number(header::EVALUATIONS, u32::from(evaluations));
	vka.set_short(header::PHASES, 1, 64 * (points - 11));
	vka.set_number(header::LAST_QUOTIENT, u32::from(at(points - 1)));
	vka.set_number(header::FIRST_QUOTIENT, u32::from(at(points - 4)));
	let short = |value: u16| value.to_le_bytes();
	let sets = 64;
	// Only rotation 0; then what is ignored, the number of sets, what is ignored.
	let mut words = vec![
		[0; 32],
		packed(&[0x40, 0x03]),
		packed(&[0, 0, 0, 0, 0, 0, 1]),
		packed(&[0, 0, sets, 0]),
	];
	words.extend([[0; 32]; 64]);
	// A list of bytes after a head.
	let list = |head: &[u8], byte: u8| -> Vec<[u8; 32]> {
		let fields = [head, &[byte].repeat(usize::from(sets))].concat();
		fields.chunks(32).map(packed).collect()
	};
	words.extend(list(&[3], 1));
	words.extend([packed(&[0x60, 0x03]); 64]);
	words.push([0; 32]);
	words.extend(list(&[3, 0, 0, 0, 0], 32));
	let (first, end) = (at(points) + 32 * (evaluations - 1), at(points) - 32);
	let range = [[0].as_slice(), &short(first), &short(end)].concat();
	let one_set = [[1].as_slice(), &short(at(points)), &range.repeat(4)].concat();
	words.extend([packed(&one_set); 64]);
	words.extend([[0; 32]; 2]);
	words[usize::from(sets) + 4 + 3 + 64 + 1 + 3 + 64][31] = 1;
	words.extend(list(&[3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 64));
	let range = |first: u16| [[1, 0].as_slice(), &short(at(first)), &short(at(0) - 64)].concat();
	let point = [short(at(0)), short(at(0) + 32)].concat();
	let first_word = [point, range(points - 1).repeat(4)].concat();
	let second_word = [range(points - 1).repeat(3), range(4 * 1021 - 7 * 511 - 1)].concat();
	for _ in 0..sets {
		words.extend([packed(&first_word), packed(&second_word)]);
	}
	vka.words.truncate(99);
	vka.words.extend(words);
	vka
}

#[test]
fn key_should_not_take_more_memory_than_its_own_order() {
	let setup = setup();
	// What keys of the wheel take.
	for fixture in all() {
		let (plan, memory) = watched::watch(|| plan_from_vka(&fixture.vka, &setup));
		assert!(plan.is_ok());
		let bytes = fixture.vka.len();
		assert!(memory.peak <= 10 * bytes, "{}: {memory:?}", fixture.name);
	}
	let vka = repeated_ranges().to_bytes();
	let (plan, memory) = watched::watch(|| plan_from_vka(&vka, &setup));
	assert_eq!(
		plan,
		Err(VkaError::OutOfRange {
			what: "members of all rotation sets",
			word: 239
		})
	);
	assert!(memory.peak <= 10 * vka.len(), "{memory:?}");
}

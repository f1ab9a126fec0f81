//! SHA-256 (FIPS 180-4), for digests of test data only.

use std::fmt::Write;

/// The digest in hexadecimal.
pub fn hex(data: &[u8]) -> String {
    let constants = constants();
    let mut state: [u32; 8] = std::array::from_fn(|index| fraction(primes()[index], 2));
    let mut padded = data.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend(((data.len() as u64) * 8).to_be_bytes());
    for block in padded.chunks_exact(64) {
        compress(&mut state, block, &constants);
    }
    state.iter().fold(String::new(), |mut text, word| {
        write!(text, "{word:08x}").unwrap();
        text
    })
}

fn compress(state: &mut [u32; 8], block: &[u8], constants: &[u32; 64]) {
    let mut words = [0u32; 64];
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
        *word = u32::from_be_bytes(bytes.try_into().unwrap());
    }
    for index in 16..64 {
        let (early, late) = (words[index - 15], words[index - 2]);
        let first = early.rotate_right(7) ^ early.rotate_right(18) ^ (early >> 3);
        let second = late.rotate_right(17) ^ late.rotate_right(19) ^ (late >> 10);
        words[index] =
            words[index - 16].wrapping_add(first).wrapping_add(words[index - 7]).wrapping_add(second);
    }
    let mut registers = *state;
    for index in 0..64 {
        let [first_in, _, _, _, fifth, sixth, seventh, last] = registers;
        let choice = (fifth & sixth) ^ (!fifth & seventh);
        let first = last
            .wrapping_add(fifth.rotate_right(6) ^ fifth.rotate_right(11) ^ fifth.rotate_right(25))
            .wrapping_add(choice)
            .wrapping_add(constants[index])
            .wrapping_add(words[index]);
        let [_, second_in, third, ..] = registers;
        let majority = (first_in & second_in) ^ (first_in & third) ^ (second_in & third);
        let second = (first_in.rotate_right(2) ^ first_in.rotate_right(13) ^ first_in.rotate_right(22))
            .wrapping_add(majority);
        registers.rotate_right(1);
        registers[0] = first.wrapping_add(second);
        registers[4] = registers[4].wrapping_add(first);
    }
    for (word, register) in state.iter_mut().zip(registers) {
        *word = word.wrapping_add(register);
    }
}

fn constants() -> [u32; 64] {
    let primes = primes();
    std::array::from_fn(|index| fraction(primes[index], 3))
}

fn primes() -> Vec<u128> {
    (2..312u128).filter(|number| (2..*number).all(|divisor| number % divisor != 0)).collect()
}

/// The first 32 bits of the fraction of a prime's square or cube root.
fn fraction(prime: u128, degree: u32) -> u32 {
    let scaled = prime << (32 * degree);
    let (mut low, mut high) = (0u128, 1 << 40);
    while high - low > 1 {
        let middle = u128::midpoint(low, high);
        if middle.pow(degree) <= scaled { low = middle } else { high = middle }
    }
    u32::try_from(low & 0xffff_ffff).unwrap()
}

#[test]
fn digests_are_those_of_the_standard() {
    assert_eq!(hex(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

//! iden3's `.sym` file.

use std::io::{self, Write};

use super::system::R1cs;

impl R1cs {
    /// Writes the names of all wires as an iden3 `.sym` file, which `snarkjs r1cs print` and `wtns
    /// debug` use.
    ///
    /// # Shapes
    /// A line `label,wire,component,name` for each wire except the constant one. Label and wire are
    /// the same, and there is one component. Public inputs are `main.NAME`, with the names of
    /// `public` in order (`main.public[i]` past its end), declared private inputs
    /// `main.private[i]`, the rest `main.TAG[wire]` with the clause of the first row that has them.
    ///
    /// # Errors
    /// Returns the errors of `out`.
    ///
    /// # Source
    /// <https://github.com/iden3/circom/blob/master/mkdocs/docs/circom-language/formats/sym.md>
    pub fn write_sym(&self, public: &[&str], out: &mut impl Write) -> io::Result<()> {
        let mut first = vec![None; self.wires()];
        for (row, clause) in self.clauses().iter().enumerate() {
            for matrix in self.matrices() {
                for (wire, _) in matrix.row(row) {
                    first[*wire as usize].get_or_insert(*clause);
                }
            }
        }
        let inputs = self.public_inputs();
        for (wire, clause) in first.into_iter().enumerate().skip(1) {
            write!(out, "{wire},{wire},0,main.")?;
            match (wire - 1, clause) {
                (input, _) if input < inputs => match public.get(input) {
                    Some(name) => writeln!(out, "{name}"),
                    None => writeln!(out, "public[{input}]"),
                },
                (input, _) if input < inputs + self.private_inputs() => {
                    writeln!(out, "private[{}]", input - inputs)
                }
                (_, Some(clause)) => writeln!(out, "{clause}[{wire}]"),
                (_, None) => writeln!(out, "unused[{wire}]"),
            }?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use wufu_verifier::Gift;

    use crate::{Circuit, GiftInstance};

    #[test]
    fn every_wire_has_a_name_of_its_own() {
        let shape = GiftInstance::shape();
        let mut file = Vec::new();
        shape.write_sym(&Gift::<()>::NAMES, &mut file).unwrap();
        let text = String::from_utf8(file).unwrap();
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        assert_eq!(lines.len(), shape.wires() - 1);
        for (wire, line) in (1..).zip(&lines) {
            let wire: usize = wire;
            assert_eq!(line[..3], [wire.to_string(), wire.to_string(), "0".into()]);
        }
        let names: BTreeSet<&str> = lines.iter().map(|line| line[3]).collect();
        assert_eq!(names.len(), lines.len());
        assert_eq!(
            [0, 3, 4, 76, 77].map(|at: usize| lines[at][3]),
            ["main.root", "main.ext", "main.private[0]", "main.private[72]", "main.G1[78]"]
        );
        assert!(!text.contains("unused"));
    }
}

//! The number of a job in what `sbatch` prints.

/// The job's number. `sbatch --parsable` prints it, behind a semicolon the cluster where there are several; sites put greetings before it
/// and behind it, and wrappers print the usual sentence instead: `Submitted batch job 4242 on cluster x`.
///
/// `None` where no line is such a number or sentence: a number within other words may be anything.
pub(super) fn job_number(output: &str) -> Option<&str> {
    output.lines().rev().find_map(in_sentence).or_else(|| output.lines().rev().find_map(alone))
}

fn alone(line: &str) -> Option<&str> {
    let number = line.split(';').next().unwrap_or_default().trim();
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(number)
}

fn in_sentence(line: &str) -> Option<&str> {
    let (_, behind) = line.split_once("atch job ")?;
    let length = behind.bytes().take_while(u8::is_ascii_digit).count();
    (length > 0).then(|| &behind[..length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_found_among_whatever_a_site_prints() {
        for output in [
            "4242\n",
            "4242",
            "4242;cluster\n",
            "  4242 ; cluster \r\n",
            "Submitted batch job 4242\n",
            "Submitted batch job 4242 on cluster gpu\n",
            "sbatch: Submitted batch job 4242.\n",
            "--------------------------------\n  Welcome to the Example cluster\n--> Checking the allocation...OK\n4242\n",
            "Welcome\n\n4242;cluster\n\n",
            "Your project has 1000 of 20000 hours left\n4242\nThank you, job 7 in the queue\n",
            "sbatch: INFO: account 12 is charged\nSubmitted batch job 4242\n2026\n",
            "12\n4242\n",
            "-----\nJob time 10 minutes\n-----\n4242;a;b\n",
            "\u{1b}[32mready\u{1b}[0m\n4242\n",
            "\t4242\n",
            "Granted.\nSubmitted batch job 4242\nhttps://example.org/jobs/9\n",
            "salloc: 1 node\nsubmitted batch job 4242\n",
            "| Welcome |\n+---------+\n4242\n",
            "# 5 messages\n4242\n",
            "%%%\n4242;north\n%%%\n",
        ] {
            assert_eq!(job_number(output), Some("4242"), "{output:?}");
        }
        for output in ["", "Welcome\n", "queued as 4242\n", "4242a\n", "batch job none\n"] {
            assert_eq!(job_number(output), None, "{output:?}");
        }
    }
}

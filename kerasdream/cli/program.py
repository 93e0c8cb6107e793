"""What all programs share: the help, the exit statuses, and how they end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from absl import flags

from kerasdream.cli.flags import Flags, set_backend
from kerasdream.cli.process import INTERRUPTED, TERMINATED, complain, sigterm_interrupts
from kerasdream.errors import ConfigError, DreamError, ModelError


@dataclass(frozen=True)
class Program:
    """A program of the command line: its help, its flags, and what it does with them and the other arguments."""

    about: str
    define: Callable[[Flags], None]
    work: Callable[[Flags, list[str]], int]
    interrupted: str = "interrupted"

    def main(self, argv: Sequence[str]) -> int:
        """Run a command line; returns the exit status: 0, 1 where something failed, 2 for a wrong command, 130, 143."""
        program = Flags()
        self.define(program)
        program.backend()
        program.action("help", "print this help", short="h")
        program.line("flagfile=PATH", "read flags from a file, one on a line")
        try:
            set_backend(argv)
            arguments = program.parse(argv)
        except (flags.Error, OSError) as fault:
            return complain(f"{fault} --help lists all flags.", 2)
        if program["help"]:
            print("\n".join([self.about.strip(), "", *program.lines]))
            return 0
        with sigterm_interrupts() as received:
            status = self.done(program, arguments)
        return TERMINATED if received and status == INTERRUPTED else status

    def done(self, program: Flags, arguments: list[str]) -> int:
        """Do the work; returns the exit status."""
        try:
            return self.work(program, arguments)
        except BrokenPipeError:
            raise
        except (ConfigError, ModelError) as fault:
            return complain(fault, 2)
        except (DreamError, OSError) as fault:
            return complain(fault, 1)
        except KeyboardInterrupt:
            return complain(self.interrupted, INTERRUPTED)

import pytest

from framecap.cli.main import COMMANDS, cli, run


def test_the_help_names_every_command_and_the_exit_statuses(capsys):
    assert run(["--help"]) == 0
    text = capsys.readouterr().out
    for name, line in COMMANDS.items():
        assert name in text
        assert line in text
    assert "130 interrupted" in text


def test_the_version(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("framecap 0.")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_what_the_list_says(name):
    command = cli.get_command(None, name)
    assert command.name == name
    assert command.get_short_help_str(200).startswith(COMMANDS[name].split(".")[0].split(",")[0])


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_explains_itself(name, capsys):
    assert run([name, "--help"]) == 0
    assert "Usage: framecap " + name in capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_a_help_text_and_names_its_variable(name):
    for parameter in cli.get_command(None, name).params:
        if parameter.param_type_name == "option":
            assert parameter.help
            name = parameter.opts[-1].removeprefix("--").replace("-", "_").upper()
            assert parameter.envvar == f"FRAMECAP_{name}"
            assert parameter.show_envvar


@pytest.mark.parametrize("arguments", [["nonsense"], ["capture"], ["probe", "--nonsense"]])
def test_a_wrong_command_line_is_a_wrong_request(arguments, capsys):
    assert run(arguments) == 2
    assert "Usage: framecap" in capsys.readouterr().err

/**
 * Scripts by which shells complete a command line, made from what it may have.
 *
 * @module
 */

import type { OptionShape } from "./args.ts";
import type { Grammar } from "./help.ts";
import { suggest } from "./suggest.ts";
import { quoted, UsageError } from "./usage_error.ts";

/** The shells that there are scripts for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

type Shell = typeof SHELLS[number];

/** Words as people list them: `bash, zsh or fish`. */
export function anyOf(words: readonly string[]): string {
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

/**
 * The script for the shell that `rest` of the command line names, and for
 * whoever types the name of the binary.
 *
 * @throws {UsageError} when `rest` is anything but one shell.
 */
export function completionScript(
  binary: string,
  grammar: Grammar,
  rest: readonly string[],
): string {
  const [word, more] = rest;
  if (word === undefined) {
    throw new UsageError(`Verb completion needs a shell: ${anyOf(SHELLS)}`);
  }
  const shell = SHELLS.find((known) => known === word);
  if (shell === undefined) {
    const meant = suggest(word, SHELLS);
    const advice = meant === null ? `allowed are ${SHELLS.join(", ")}` : `did you mean ${meant}?`;
    throw new UsageError(`Unknown shell ${quoted(word)}: ${advice}`);
  }
  if (more !== undefined) {
    throw new UsageError(`Unexpected argument ${quoted(more)}: completion takes one shell`);
  }
  return SCRIPTS[shell](binary, grammar);
}

const SCRIPTS: Readonly<Record<Shell, (binary: string, grammar: Grammar) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

function bashScript(binary: string, { verbs, options }: Grammar): string {
  const name = functionName(binary);
  const shapes = Object.entries(options);
  const takers = shapes.filter(([, shape]) => needsValue(shape)).map(([option]) => `--${option}`);
  const chosen = (words: readonly string[]): string =>
    `COMPREPLY=($(compgen -W '${words.join(" ")}' -- "$cur"))`;
  const ofOptions = shapes.flatMap(([option, { words }]) =>
    words === undefined ? [] : [`    --${option}) ${chosen(words)}; return ;;`]
  );
  const ofVerbs = Object.entries(verbs).flatMap(([verb, { words }]) =>
    words === undefined ? [] : [`    ${verb}) ${chosen(words)} ;;`]
  );
  return `# Completion of ${binary} for bash. To have it now:
#   source <(${binary} completion bash)
# and always: put that line into ~/.bashrc.
${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} verb= index equals=
  COMPREPLY=()
  # To bash, --name=value is three words.
  if [[ $cur == = ]]; then
    cur= equals=yes
  elif [[ $prev == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD-2]} equals=yes
  fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    case \${COMP_WORDS[index]} in
    ${takers.join("|")})
      if [[ \${COMP_WORDS[index+1]} != = ]]; then ((index++)); fi ;;
    =) ((index++)) ;;
    -*) ;;
    *) verb=\${COMP_WORDS[index]}; break ;;
    esac
  done
  case $prev in
${ofOptions.join("\n")}${ofOptions.length > 0 ? "\n" : ""}    ${takers.join("|")}) return ;;
  esac
  if [[ $equals ]]; then return; fi
  if [[ $cur == -* ]]; then
    ${chosen(shapes.flatMap(([option, shape]) => dashed(option, shape)))}
    return
  fi
  case $verb in
    '') ${chosen(Object.keys(verbs))} ;;
${ofVerbs.join("\n")}
  esac
}
complete -F ${name} ${binary}`;
}

function zshScript(binary: string, { verbs, options }: Grammar): string {
  const name = functionName(binary);
  const specs = Object.entries(options).map(([option, shape]) =>
    `    ${zshSpec(option, shape)} \\`
  );
  const listed = Object.entries(verbs).map(([verb, { says }]) =>
    `        ${singleQuoted(`${verb}:${brief(says)}`)}`
  );
  const ofVerbs = Object.entries(verbs).flatMap(([verb, { words }]) =>
    words === undefined ? [] : [`        ${verb}) compadd -- ${words.join(" ")} ;;`]
  );
  return `#compdef ${binary}
# Completion of ${binary} for zsh. To have it now, after compinit:
#   source <(${binary} completion zsh)
# and always: put that line into ~/.zshrc.
${name}() {
  local curcontext=$curcontext state line
  local -a verbs
  _arguments -C \\
${specs.join("\n")}
    '1: :->verb' '2: :->word' '*: : '
  case $state in
    verb)
      verbs=(
${listed.join("\n")}
      )
      _describe verb verbs ;;
    word)
      case $line[1] in
${ofVerbs.join("\n")}
      esac ;;
  esac
}
if [[ $funcstack[1] == ${name} ]]; then
  ${name} "$@"
else
  compdef ${name} ${binary}
fi`;
}

function fishScript(binary: string, { verbs, options }: Grammar): string {
  const line = (...parts: readonly string[]): string => `complete -c ${binary} ${parts.join(" ")}`;
  const known = Object.keys(verbs).join(" ");
  const ofOptions = Object.entries(options).map(([option, shape]) => {
    const { short, words, says = "" } = shape;
    return line(
      ...(short === undefined ? [] : ["-s", short]),
      "-l",
      option,
      ...(needsValue(shape) ? ["-x"] : []),
      ...(words === undefined ? [] : ["-a", `'${words.join(" ")}'`]),
      "-d",
      fishQuoted(brief(says)),
    );
  });
  const ofVerbs = Object.entries(verbs).flatMap(([verb, { words, says }]) => [
    line(
      `-n 'not __fish_seen_subcommand_from ${known}'`,
      `-a ${verb} -d ${fishQuoted(brief(says))}`,
    ),
    ...(words === undefined ? [] : [
      line(`-n '__fish_seen_subcommand_from ${verb}' -a '${words.join(" ")}'`),
    ]),
  ]);
  return `# Completion of ${binary} for fish. To have it now:
#   ${binary} completion fish | source
# and always: ${binary} completion fish > ~/.config/fish/completions/${binary}.fish
${[line("-f"), ...ofOptions, ...ofVerbs].join("\n")}`;
}

function zshSpec(option: string, shape: OptionShape): string {
  const { short, takes, otherwise, words, repeats, says = "" } = shape;
  const text = `[${brief(says).replaceAll(/[\\[\]:]/g, "\\$&")}]`;
  if (short !== undefined) {
    return `'(-${short} --${option})'{-${short},--${option}}${singleQuoted(text)}`;
  }
  const value = takes === undefined
    ? ""
    : `:${takes.replaceAll(":", "\\:")}:${words === undefined ? " " : `(${words.join(" ")})`}`;
  const equals = takes === undefined ? "" : otherwise === undefined ? "=" : "=-";
  const optional = otherwise === undefined ? "" : ":";
  return singleQuoted(`${repeats ? "*" : ""}--${option}${equals}${text}${optional}${value}`);
}

function needsValue({ takes, otherwise }: OptionShape): boolean {
  return takes !== undefined && otherwise === undefined;
}

function dashed(option: string, { short }: OptionShape): string[] {
  return short === undefined ? [`--${option}`] : [`-${short}`, `--${option}`];
}

/** What it does, without the remark in brackets at the end. */
function brief(says: string): string {
  return says.replace(/ \([^)]*\)$/, "");
}

function functionName(binary: string): string {
  return `_${binary.replaceAll("-", "_")}`;
}

function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, "\\$&")}'`;
}

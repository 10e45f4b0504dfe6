/**
 * What a shell runs to complete `erofs`: it hands over the line, and gets the kind of what may follow in the first line and the
 * candidates in those behind it. Whatever goes wrong, nothing is written to the terminal.
 */

/** The command that the scripts call: `erofs complete-line SHELL TYPED WORDS...`. */
export const ENTRY = 'complete-line';

/**
 * The line goes over as it is, for bash has split its words at = and : as well; $2 is what bash will replace, so that what was typed
 * of the word before that is cut off again.
 */
const BASH = `_erofs() {
  local -a lines
  mapfile -t lines < <("$1" ${ENTRY} bash "$2" "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null </dev/null)
  COMPREPLY=()
  case \${lines[0]-} in
    files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
    directories) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
    paths)
      COMPREPLY=("\${lines[@]:1}")
      compopt -o filenames 2>/dev/null
      [[ \${COMPREPLY[0]-} == */ ]] && compopt -o nospace 2>/dev/null
      ;;
    words) COMPREPLY=("\${lines[@]:1}") ;;
  esac
  return 0
}
complete -F _erofs erofs
`;

const ZSH = `#compdef erofs
_erofs() {
  local -a lines more
  lines=("\${(@f)$("\${words[1]}" ${ENTRY} zsh "" "\${(@Q)words[2,CURRENT]}" 2>/dev/null </dev/null)}")
  case "\${lines[1]}" in
    files) _files ;;
    directories) _files -/ ;;
    paths)
      lines=("\${(@)lines[2,-1]}")
      more=("\${(@M)lines:#*/}")
      lines=("\${(@)lines:#*/}")
      (( \${#more} )) && compadd -S '' -- "\${(@)more}"
      (( \${#lines} )) && compadd -- "\${(@)lines}"
      ;;
    words) (( \${#lines} > 1 )) && compadd -- "\${(@)lines[2,-1]}" ;;
  esac
}
if [ "\${funcstack[1]}" = "_erofs" ]; then _erofs "$@"; else compdef _erofs erofs; fi
`;

const FISH = `function __erofs_complete
  set -l typed (commandline -opc) (commandline -ct)
  set -l lines (command $typed[1] ${ENTRY} fish "" $typed[2..-1] 2>/dev/null </dev/null)
  switch "$lines[1]"
    case files
      __fish_complete_path (commandline -ct)
    case directories
      __fish_complete_directories (commandline -ct)
    case words paths
      set -e lines[1]
      printf '%s\\n' $lines
  end
end
complete -c erofs -f -a '(__erofs_complete)'
`;

export const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const;
export type Shell = keyof typeof SCRIPTS;

# PowerShell completion of sso-login, for the file that $PROFILE names:
#   sso-login --completion powershell | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName 'sso-login', 'sso-login.exe' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # the arguments before the one at the cursor, without their quotes
    $before = @()
    foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {
        if ($element.Extent.EndOffset -ge $cursorPosition) { break }
        if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) {
            $before += $element.Value
        } else {
            $before += $element.Extent.Text
        }
    }
    $current = "$wordToComplete".Trim("'", '"')
    # before 7.3, and where that is asked for, an empty argument would be left out
    if ($current -eq '' -and ($PSVersionTable.PSVersion -lt [version]'7.3' -or "$PSNativeCommandArgumentPassing" -eq 'Legacy')) {
        $current = '""'
    }

    $program = $commandAst.GetCommandName()
    if (-not $program -or -not (Get-Command $program -CommandType Application -ErrorAction Ignore)) { $program = 'sso-login' }
    foreach ($line in @(& $program __complete @before $current 2>$null)) {
        if ($line -match '^(:\d+)?$') { continue } # for other shells
        $text, $help = $line -split "`t", 2
        $quoted = $text
        if ($text -notmatch '^[A-Za-z0-9_+.%:/=-][A-Za-z0-9_@+.%:/=-]*$') { $quoted = "'" + $text.Replace("'", "''") + "'" }
        if (-not $help) { $help = $text } # which must not be empty
        [System.Management.Automation.CompletionResult]::new($quoted, $text, 'ParameterValue', $help)
    }
}

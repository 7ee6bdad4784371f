"""The words of the demonstration's letters: people, subjects and bodies, in Spanish and English."""

OWNER = "María Quiroga"
UNIVERSITY = "maria.quiroga@universidad.example"
POST = "maria@posta.example"

PEOPLE = [
    ("Ana Ledesma", "ana.ledesma@universidad.example"),
    ("Jorge Paredes", "jorge.paredes@posta.example"),
    ("Biblioteca Central", "biblioteca@universidad.example"),
    ("Cátedra de Redes", "redes@universidad.example"),
    ("Papá", "ruben.quiroga@posta.example"),
    ("Lucía Fernández Ibáñez", "lucia.fi@posta.example"),
    ("Margaret O'Neill", "margaret@hostel.example"),
    ("Tom Whitaker", "tom.whitaker@hostel.example"),
    ("Cooperativa La Unión", "avisos@launion.example"),
    ("Rail & Coach", "tickets@railcoach.example"),
]

# Subject, body and language of letters that stand alone.
ALONE = [
    (
        "Fecha del parcial",
        "Estimados:\n\nEl parcial pasa al jueves 28 a las 18 horas, en el aula 5.\nTraigan calculadora y documento.\n\nSaludos,\nLa cátedra",
    ),
    (
        "Vence tu préstamo",
        "El libro «Sistemas distribuidos» vence el viernes.\nPodés renovarlo una vez más respondiendo esta carta.\n\nBiblioteca Central",
    ),
    (
        "el asado",
        "Hija:\n\nEl domingo al mediodía. Traé la ensalada, que de la carne me ocupo yo.\nSi llueve, igual.\n\nUn beso,\nPapá",
    ),
    (
        "Corte de luz programado",
        "Vecinos:\n\nEl miércoles de 9 a 13 habrá un corte de luz en la manzana por tareas de mantenimiento.\n\nCooperativa La Unión",
    ),
    (
        "¿Llegaste bien?",
        "¡Hola!\n\nContame cuando puedas si llegaste bien. Acá todo tranquilo; el gato te extraña.\n\nAbrazo grande",
    ),
    (
        "Apuntes de la clase del martes",
        "Te paso lo que anoté:\n\n- capas y protocolos\n- qué guarda cada servidor\n- por qué el cliente no guarda nada\n\nLo que falta lo tiene Jorge.",
    ),
    (
        "Your room from Friday",
        "Dear Maria,\n\nYour bed in the four-bed room is kept from Friday. Reception is open until eleven;\nafter that ring the blue bell.\n\nMargaret",
    ),
    (
        "Walking on Saturday?",
        "Hi Maria,\n\nA few of us walk up to the lake on Saturday, leaving at eight. Bring water and a hat.\nNo need to answer if you just want to turn up.\n\nTom",
    ),
    (
        "Your ticket for the 7.40",
        "Thank you for travelling with us.\n\nCoach 12, seat 14C, platform 3. Please be there ten minutes before.\n\nRail & Coach",
    ),
    (
        "Lost umbrella",
        "Somebody left a green umbrella in the kitchen. It is behind the desk now.\n\nMargaret",
    ),
]

# Conversations: a subject and what each side says in turn.
TALKS = [
    (
        "departamento en La Plata",
        [
            "Vi un departamento de dos ambientes cerca de la estación. ¿Lo vamos a ver?",
            "Sí, por favor. ¿El jueves a la tarde podés?",
            "Puedo después de las cinco. Llevá las preguntas que anotamos.",
            "Hablé con el dueño y dice que puede esperar hasta el lunes.",
        ],
    ),
    (
        "Las fotos del viaje",
        [
            "Te mando las que salieron mejor; las demás quedan para cuando tengas una línea más rápida.",
            "¡Qué lindas! La del lago la quiero imprimir.",
            "Dale, te la paso en grande.",
        ],
    ),
    (
        "Group project",
        [
            "Shall we meet on Monday to split the chapters?",
            "Monday is fine. I can take storage and the relay.",
            "Then I take the client. Jorge writes the introduction.",
            "Good. Send me drafts by Thursday and I will put them together.",
            "Here is mine. Be kind.",
        ],
    ),
]

PAGE = """<html><head><style>p {{ color: #333 }}</style></head><body>
<h1>{title}</h1><p>{first}</p><ul><li>Martes, 10 h</li><li>Jueves, 16 h</li></ul>
<p>Más en <a href="https://www.universidad.example/agenda?n={number}">la agenda</a>.</p>
<img src="https://www.universidad.example/seguimiento/{number}.gif" width="1" height="1"></body></html>"""

NEWS = [
    ("Agenda de la semana", "Charlas abiertas, con entrada libre, en el edificio central."),
    ("Becas de invierno", "Hasta el día 30 se reciben los formularios en la oficina de alumnos."),
    ("Ciclo de cine", "Esta semana: «El secreto de sus ojos», con debate después de la función."),
    ("What is on this week", "Film night on Tuesday, shared dinner on Thursday, and the laundry is mended."),
]

REMINDER_SUBJECT = "Recordatorio: turno del dentista"
REMINDER = (
    "Nota para mí misma:\n\nEl turno del dentista es el martes a las 11.\n"
    "Responder desde cualquier lado para confirmar que lo leí.\n"
)
